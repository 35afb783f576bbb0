package main

// Assignments of which no code is left: the compiler makes one instruction of them and of what uses them later.

var folded = []func(){
	func() { flipsFlag(3) },
	func() { flipsParameter(true, 2) },
	func() { stepsBeforeSum(4) },
	func() { stepsParameter(4) },
	func() { stepsTwice(4) },
	func() { stepsBeforeEqual(4) },
	func() { stepsBeforeIndex(1, []int{1, 2, 3, 4}) },
	func() { changesSign(4, 9) },
	func() { timesThenPlus(4, 3, 5) },
	func() { shifted(4, 9) },
	func() { smallBytes(200, -3) },
	func() { stepsInBody(6) },
	func() { stepsField(3) },
	func() { floatTimesPlus(1.5, 2, 0.25) },
}

//go:noinline
func isOdd(n int) bool { return n%2 == 1 }

//go:noinline
func half(x float64) float64 { return x / 2 }

//go:noinline
func flipsFlag(n int) int {
	tell("main.flipsFlag", "n", n, "ok", false)
	ok := isOdd(n)
	ok = !ok
	park()
	if ok {
		return 1
	}
	return n
}

//go:noinline
func flipsParameter(ok bool, n int) int {
	tell("main.flipsParameter", "ok as passed", ok, "ok", false, "n", n)
	ok = !ok
	park()
	if ok {
		return 1
	}
	return n
}

//go:noinline
func stepsBeforeSum(n int) int {
	tell("main.stepsBeforeSum", "n", n, "m", 6)
	m := keepNumber(n)
	m++
	park()
	return m + 2
}

//go:noinline
func stepsParameter(n int) int {
	tell("main.stepsParameter", "n as passed", n, "n", 9)
	n += 5
	park()
	return n + 7
}

//go:noinline
func stepsTwice(n int) int {
	tell("main.stepsTwice", "n", n, "m", 6)
	m := keepNumber(n)
	m++
	park()
	m++
	return m
}

//go:noinline
func stepsBeforeEqual(n int) int {
	tell("main.stepsBeforeEqual", "n", n, "m", 7)
	m := keepNumber(n)
	m += 2
	park()
	if m == 7 {
		return 1
	}
	return 2
}

//go:noinline
func stepsBeforeIndex(n int, list []int) int {
	tell("main.stepsBeforeIndex", "n", n, "list", list, "m", 3, "each", 4)
	m := keepNumber(n)
	m++
	each := list[m]
	park()
	return each + m + list[0]
}

//go:noinline
func changesSign(n, k int) int {
	tell("main.changesSign", "n", n, "k", k, "m", -5)
	m := keepNumber(n)
	m = -m
	park()
	return k - m
}

//go:noinline
func timesThenPlus(n, by, k int) int {
	tell("main.timesThenPlus", "n", n, "by", by, "k", k, "m", 15)
	m := keepNumber(n)
	m *= by
	park()
	return m + k
}

//go:noinline
func shifted(n, k int) int {
	tell("main.shifted", "n", n, "k", k, "m", 40)
	m := keepNumber(n)
	m <<= 3
	park()
	return m + k
}

//go:noinline
func smallBytes(a uint8, b int16) int {
	tell("main.smallBytes", "a", a, "b", b, "small", uint8(203), "short", int16(-1))
	small, short := a+uint8(keepNumber(1)), b+1
	small++
	short++
	park()
	return int(small+3) + int(short+4)
}

//go:noinline
func stepsInBody(n int) int {
	tell("main.stepsInBody", "n", n, "i", 3, "sum", 1)
	sum := 0
	for i := 0; i < n; i++ {
		i++
		sum += stopsAt(i == 3, i)
	}
	return sum
}

//go:noinline
func stepsField(n int) int {
	tell("main.stepsField", "n", n, "p", pair{5, 4, "p"})
	p := pair{keepNumber(n), n + 1, "p"}
	p.Left++
	park()
	return p.Left + 2 + p.Right + len(p.Name)
}

//go:noinline
func floatTimesPlus(x, by, k float64) float64 {
	tell("main.floatTimesPlus", "x", x, "by", by, "k", k, "y", 1.5)
	y := half(x)
	y *= by
	park()
	return y + k
}
