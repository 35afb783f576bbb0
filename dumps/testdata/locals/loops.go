package main

// Loops: what a variable will be in the next round is often computed before the last call of this one.

var loops = []func(){
	func() { stepsTwo(7) },
	func() { countsDown(5) },
	func() { counted(4) },
	func() { twoAtOnce(9) },
	func() { loopInLoop(3) },
	func() { ranges([]int{10, 20, 30, 40}) },
	func() { rangesIndex([]int{1, 2, 3, 4}) },
	func() { rangesText("abcd") },
	func() { cutsSlice([]int{1, 2, 3, 4}) },
	func() { cutsSliceInHead([]int{1, 2, 3, 4}) },
	func() { cutsText("abcd") },
	func() { cutsTextInHead("abcd") },
	func() { advances(&link{1, &link{2, &link{3, nil}}}) },
	func() { advancesInHead(&link{1, &link{2, &link{3, nil}}}) },
	func() { movesPointer([]int{1, 2, 3, 4}) },
	func() { adds([]int{2, 3, 4}) },
	func() { triplesAfter(5) },
	func() { triplesBefore(5) },
	func() { fibonacci(20) },
	func() { remembers(5) },
	func() { divides(20, 12) },
	func() { doubles(100) },
	func() { halves(10) },
	func() { smallSteps(5) },
	func() { without(5) },
	func() { whileLess(5) },
	func() { stepsEitherWay(5) },
	func() { callsTwice(4) },
	func() { longHead(4) },
	func() { setsAgain(4) },
	func() { usesNext([]int{1, 2, 3, 4, 5}) },
	func() { usesNextFirst([]int{1, 2, 3, 4, 5}) },
	func() { usesPrevious(4) },
	func() { stepsByInlined(5) },
	func() { loopsInlined(6) },
	func() { fills(4) },
	func() { flips(5) },
	func() { takesMore("abcd") },
	func() { searches(5) },
	func() { callsInHead(5) },
	func() { callsToStep(5) },
	func() { jumps(5) },
	func() { stepsOnOneLine(5) },
	func() { appends(4) },
	func() { outerSteps(3) },
}

// stopsAt parks in one round.
//
//go:noinline
func stopsAt(now bool, n int) int {
	if now {
		park()
	}
	return n
}

//go:noinline
func stepsTwo(n int) int {
	tell("main.stepsTwo", "n", n, "sum", 2, "i", 4)
	sum := 0
	for i := 0; i < n; i += 2 {
		sum += stopsAt(i == 4, i)
	}
	return sum
}

//go:noinline
func countsDown(n int) int {
	tell("main.countsDown", "n", n, "sum", 12, "i", 2)
	sum := 0
	for i := n; i > 0; i-- {
		sum += stopsAt(i == 2, i)
	}
	return sum
}

// The loop's variable is the parameter.
//
//go:noinline
func counted(n int) int {
	tell("main.counted", "n as passed", n, "n", 2, "sum", 7)
	sum := 0
	for n > 0 {
		sum += stopsAt(n == 2, n)
		n--
	}
	return sum
}

//go:noinline
func twoAtOnce(n int) int {
	tell("main.twoAtOnce", "n", n, "sum", 8, "i", 2, "j", 7)
	sum := 0
	for i, j := 0, n; i < j; i, j = i+1, j-1 {
		sum += stopsAt(i == 2, i*j)
	}
	return sum
}

//go:noinline
func loopInLoop(n int) int {
	tell("main.loopInLoop", "n", n, "sum", 6, "i", 1, "j", 2)
	sum := 0
	for i := 0; i < n; i++ {
		for j := 0; j < n; j++ {
			sum += stopsAt(i == 1 && j == 2, i+j)
		}
	}
	return sum
}

// The next value of the outer variable is known before the inner loop begins.
//
//go:noinline
func outerSteps(n int) int {
	tell("main.outerSteps", "n", n, "sum", 8, "i", 2, "next", 9, "j", 1)
	sum := 0
	next := 3
	for i := 1; i < n; i++ {
		for j := 0; j < 2; j++ {
			sum += stopsAt(i == 2 && j == 1, i+next+j-4)
		}
		next *= 3
	}
	return sum + next
}

//go:noinline
func ranges(list []int) int {
	tell("main.ranges", "list", list, "sum", 30, "i", 2, "each", 30)
	sum := 0
	for i, each := range list {
		sum += stopsAt(i == 2, each)
	}
	return sum
}

//go:noinline
func rangesIndex(list []int) int {
	tell("main.rangesIndex", "list", list, "sum", 2, "i", 2)
	sum := 0
	for i := range list {
		sum += stopsAt(i == 2, i*2)
		sum += list[i] - 1 - i
	}
	return sum
}

//go:noinline
func rangesText(s string) int {
	tell("main.rangesText", "s", s, "sum", 195, "i", 2, "r", 'c')
	sum := 0
	for i, r := range s {
		sum += stopsAt(i == 2, int(r))
	}
	return sum
}

//go:noinline
func cutsSlice(s []int) int {
	tell("main.cutsSlice", "s as passed", s, "s", []int{3, 4}, "sum", 3)
	sum := 0
	for len(s) > 0 {
		sum += stopsAt(s[0] == 3, s[0])
		s = s[1:]
	}
	return sum
}

//go:noinline
func cutsSliceInHead(list []int) int {
	tell("main.cutsSliceInHead", "list", list, "s", []int{3, 4}, "sum", 3)
	sum := 0
	for s := list; len(s) > 0; s = s[1:] {
		sum += stopsAt(s[0] == 3, s[0])
	}
	return sum
}

//go:noinline
func cutsText(s string) int {
	tell("main.cutsText", "s as passed", s, "s", "cd", "sum", 195)
	sum := 0
	for s != "" {
		sum += stopsAt(s[0] == 'c', int(s[0]))
		s = s[1:]
	}
	return sum
}

//go:noinline
func cutsTextInHead(text string) int {
	tell("main.cutsTextInHead", "text", text, "s", "cd", "sum", 195)
	sum := 0
	for s := text; s != ""; s = s[1:] {
		sum += stopsAt(s[0] == 'c', int(s[0]))
	}
	return sum
}

//go:noinline
func advances(p *link) int {
	tell("main.advances", "p as passed", text("&{N:1 Next:&{N:2 Next:&{N:3 Next:nil}}}"), "p", text("&{N:2 Next:&{N:3 Next:nil}}"), "sum", 1)
	sum := 0
	for p != nil {
		sum += stopsAt(p.N == 2, p.N)
		p = p.Next
	}
	return sum
}

//go:noinline
func advancesInHead(first *link) int {
	tell("main.advancesInHead", "first", text("&{N:1 Next:&{N:2 Next:&{N:3 Next:nil}}}"), "p", text("&{N:2 Next:&{N:3 Next:nil}}"), "sum", 1)
	sum := 0
	for p := first; p != nil; p = p.Next {
		sum += stopsAt(p.N == 2, p.N)
	}
	return sum
}

//go:noinline
func movesPointer(list []int) int {
	tell("main.movesPointer", "list", list, "p", text("&3"), "i", 2, "sum", 3)
	p := &list[0]
	sum := 0
	for i := 0; i < len(list)-1; i++ {
		sum += stopsAt(i == 2, *p)
		p = &list[i+1]
	}
	return sum + *p
}

//go:noinline
func adds(list []int) int {
	tell("main.adds", "list", list, "sum", 4, "i", 1, "each", 3)
	sum := 0
	for i := 0; i < len(list); i++ {
		each := list[i]
		sum += stopsAt(i == 1, each) * each
	}
	return sum
}

//go:noinline
func triplesAfter(n int) int {
	tell("main.triplesAfter", "n", n, "x", 27, "sum", 13, "i", 3)
	x, sum := 1, 0
	for i := 0; i < n; i++ {
		sum += stopsAt(i == 3, x)
		x = x * 3
	}
	return sum + x
}

//go:noinline
func triplesBefore(n int) int {
	tell("main.triplesBefore", "n", n, "x", 81, "sum", 39, "i", 3)
	x, sum := 1, 0
	for i := 0; i < n; i++ {
		x = x * 3
		sum += stopsAt(i == 3, x)
	}
	return sum + x
}

//go:noinline
func fibonacci(n int) int {
	tell("main.fibonacci", "n", n, "a", 5, "b", 8, "sum", 10)
	sum := 0
	for a, b := 1, 2; a < n; a, b = b, a+b {
		sum += stopsAt(a == 5, b)
	}
	return sum
}

//go:noinline
func remembers(n int) int {
	tell("main.remembers", "n", n, "last", 2, "sum", 1, "i", 3)
	last, sum := 0, 0
	for i := 0; i < n; i++ {
		sum += stopsAt(i == 3, last)
		last = i
	}
	return sum + last
}

//go:noinline
func divides(a, b int) int {
	tell("main.divides", "a as passed", a, "b as passed", b, "a", 8, "b", 4, "sum", 32)
	sum := 0
	for b != 0 {
		sum += stopsAt(b == 4, a)
		a, b = b, a%b
	}
	return sum + a
}

//go:noinline
func doubles(most uint) int {
	tell("main.doubles", "most", most, "bit", 8, "sum", 7)
	sum := 0
	for bit := uint(1); bit < most; bit <<= 1 {
		sum += stopsAt(bit == 8, int(bit))
	}
	return sum
}

//go:noinline
func halves(most float64) float64 {
	tell("main.halves", "most", most, "x", 2.0, "sum", 1.0)
	sum := 0.0
	for x := 0.5; x < most; x *= 2 {
		sum += float64(stopsAt(x == 2, int(x)))
	}
	return sum
}

//go:noinline
func smallSteps(most uint8) int {
	tell("main.smallSteps", "most", most, "sum", 3, "i", 3, "down", -3)
	sum := 0
	down := int16(0)
	for i := uint8(0); i < most; i++ {
		sum += stopsAt(i == 3, int(i))
		down--
	}
	return sum + int(down)
}

//go:noinline
func without(n int) int {
	tell("main.without", "n", n, "i", 3, "sum", 3)
	i, sum := 0, 0
	for {
		sum += stopsAt(i == 3, i)
		i++
		if i > n {
			return sum
		}
	}
}

//go:noinline
func whileLess(n int) int {
	tell("main.whileLess", "n", n, "i", 2, "sum", 1)
	i, sum := 0, 0
	for i < n {
		sum += stopsAt(i == 2, i)
		i++
	}
	return sum
}

//go:noinline
func stepsEitherWay(n int) int {
	tell("main.stepsEitherWay", "n", n, "i", 3, "sum", 1)
	i, sum := 0, 0
	for i < n {
		got := stopsAt(i == 3, i)
		if got&1 == 0 {
			i++
		} else {
			i += 2
			sum += got
		}
	}
	return sum
}

//go:noinline
func callsTwice(n int) int {
	tell("main.callsTwice", "n", n, "i", 2, "a", 2, "b", notYet{}, "sum", 4)
	sum := 0
	for i := 0; i < n; i++ {
		a := stopsAt(false, i)
		b := stopsAt(i == 2, a+i)
		sum += a + b + 1 - i
	}
	return sum
}

//go:noinline
func longHead(n int) int {
	tell("main.longHead", "n", n, "i", 2, "sum", 1)
	sum := 0
	for i := 0; // The head takes three lines.
	i < n; i++ {
		sum += stopsAt(i == 2, i)
	}
	return sum
}

//go:noinline
func setsAgain(n int) int {
	tell("main.setsAgain", "n", n, "i", 2, "at", 16, "sum", 22)
	sum := 0
	for i := 0; i < n; i++ {
		at := i * 8
		sum += stopsAt(i == 2, at)
		at += 3
		sum += at
	}
	return sum
}

// The next value is an expression of the body too.
//
//go:noinline
func usesNext(list []int) int {
	tell("main.usesNext", "list", list, "i", 2, "sum", 5)
	sum := 0
	for i := 0; i < len(list)-1; i++ {
		sum += stopsAt(i == 2, list[i+1])
	}
	return sum
}

//go:noinline
func usesNextFirst(list []int) int {
	tell("main.usesNextFirst", "list", list, "i", 2, "next", 3, "each", 3, "sum", 5)
	sum := 0
	for i := 0; i < len(list); {
		next := i + 1
		each := list[i]
		sum += stopsAt(i == 2, each+next-i)
		i = next
	}
	return sum
}

//go:noinline
func usesPrevious(n int) int {
	tell("main.usesPrevious", "n", n, "i", 2, "before", 1, "sum", -1)
	sum := 0
	for i := 0; i < n; i++ {
		before := i - 1
		sum += stopsAt(i == 2, before)
	}
	return sum
}

func stepOnce(from int) int {
	to := from + 1
	return to
}

//go:noinline
func stepsByInlined(n int) int {
	tell("main.stepsByInlined", "n", n, "i", 3, "sum", 3)
	sum := 0
	for i := 0; i < n; i = stepOnce(i) {
		sum += stopsAt(i == 3, i)
	}
	return sum
}

func loopedInside(most int) int {
	all := 0
	for k := 1; k < most; k++ {
		all += stopsAt(k == 3, k)
	}
	return all
}

//go:noinline
func loopsInlined(n int) int {
	tell("main.loopsInlined", "n", n, "got", notYet{})
	tell("main.loopedInside", "most", 6, "all", 3, "k", 3)
	got := loopedInside(n)
	return got + n
}

//go:noinline
func fills(n int) int {
	tell("main.fills", "n", n, "at", pair{4, 1, ""}, "sum", 2, "i", 2)
	sum := 0
	var at pair
	for i := 0; i < n; i++ {
		sum += stopsAt(i == 2, at.Left)
		at.Left += 2
		at.Right = i
	}
	return sum + at.Left + at.Right
}

//go:noinline
func flips(n int) int {
	tell("main.flips", "n", n, "odd", true, "sum", 3, "i", 3)
	sum := 0
	odd := false
	for i := 0; i < n; i++ {
		sum += stopsAt(i == 3, i)
		odd = !odd
	}
	if odd {
		return -sum
	}
	return sum
}

//go:noinline
func takesMore(s string) int {
	tell("main.takesMore", "s", s, "part", "ab", "sum", 1, "i", 3)
	sum := 0
	part := ""
	for i := 1; i <= len(s); i++ {
		sum += stopsAt(i == 3, len(part))
		part = s[:i]
	}
	return sum + len(part)
}

//go:noinline
func searches(x int) int {
	tell("main.searches", "x", x, "low", 5, "high", 8, "middle", 6)
	low, high := 0, 8
	for low < high {
		middle := (low + high) / 2
		if stopsAt(middle == 6, middle) < x {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low
}

//go:noinline
func callsInHead(n int) int {
	tell("main.callsInHead", "n", n, "sum", 3, "i", 3)
	sum := 0
	for i := 0; stopsAt(i == 3, i) < n; i++ {
		sum += i
	}
	return sum
}

//go:noinline
func callsToStep(n int) int {
	tell("main.callsToStep", "n", n, "sum", 3, "i", 2)
	sum := 0
	for i := 0; i < n; i += stopsAt(i == 2, 1) {
		sum += i
	}
	return sum
}

//go:noinline
func jumps(n int) int {
	tell("main.jumps", "n", n, "i", 3, "sum", 3)
	i, sum := 0, 0
again:
	sum += stopsAt(i == 3, i)
	i++
	if i < n {
		goto again
	}
	return sum
}

//go:noinline
func stepsOnOneLine(n int) (sum int) {
	tell("main.stepsOnOneLine", "n", n, "sum", 10, "step", text("*"), "k", 2)
	tell("main.stepsOnOneLine.func1", "i", 3)
	step := func(i int) int { i++; got := stopsAt(i == 3, i); i += 2; return got + i }
	for k := 0; k < n; k++ {
		sum += step(k)
	}
	return sum
}

//go:noinline
func appends(n int) int {
	tell("main.appends", "n", n, "list", []int{0, 1}, "sum", 1, "i", 2)
	sum := 0
	var list []int
	for i := 0; i < n; i++ {
		sum += stopsAt(i == 2, len(list))
		list = append(list, i)
	}
	return sum + len(list)
}
