package main

// Arguments that nothing needs once the callee has begun: only the code of the call tells what they were, and what it loaded them from
// may have been changed by the callee, or by a wrapper on the way.

var passed = []func(){
	func() { passesBoth(&pair{5, 6, "both"}, 7, []int{1, 2}) },
	func() { passesElement(3) },
	func() { passesField(30) },
	func() { passesBranch(8, true) },
	func() { passesSmall(-3, 60000, true) },
	func() { passesDeep(21) },
	func() { passesHolder(holders[0], 31) },
	func() { passesHolder(holders[1], 32) },
	func() { passesHolder(holders[2], 33) },
	func() { passesFunction(functions["takesCalled"], &pair{9, 9, "called"}, 41) },
	func() { passesLoop(3) },
	func() { passesConstants(1) },
}

//go:noinline
func passesBoth(p *pair, n int, list []int) int {
	tell("main.passesBoth", "p", p, "n", n, "list", list)
	got := takesBoth(p, n, list, "said")
	return got + n + p.Left + len(list)
}

//go:noinline
func takesBoth(q *pair, m int, some []int, said string) int {
	tell("main.takesBoth", "q", q, "m", m, "some", some, "said", said)
	park()
	return 1
}

// The element's slot is written by the callee.
//
//go:noinline
func passesElement(n int) int {
	var list [4]int
	list[2] = n
	fillFour(&list)
	tell("main.passesElement", "n", n, "list", text("[3 4 99 6]"))
	return takesElement(list[2], &list) + list[1]
}

//go:noinline
func fillFour(list *[4]int) {
	for i := range list {
		list[i] += i + 3
	}
	list[2] = 5
}

//go:noinline
func takesElement(x int, list *[4]int) int {
	tell("main.takesElement", "x", x, "list", text("&[3 4 99 6]"))
	list[2] = 99
	park()
	return 1
}

//go:noinline
func passesField(n int) int {
	p := pair{n, n + 1, "field"}
	increase(&p)
	tell("main.passesField", "n", n, "p", text(`{Left:70 Right:31 Name:"changed"}`))
	return takesField(p.Left, p.Name, &p) + p.Right
}

//go:noinline
func increase(p *pair) { p.Left++ }

//go:noinline
func takesField(left int, name string, p *pair) int {
	tell("main.takesField", "left", left, "name", name, "p", text(`&{Left:70 Right:31 Name:"changed"}`))
	p.Left = 70
	p.Name = "changed"
	park()
	return 1
}

//go:noinline
func passesBranch(n int, twice bool) int {
	tell("main.passesBranch", "n", n, "twice", twice)
	x := n
	if twice {
		x = n * 2
	}
	tell("main.passesBranch", "x", x)
	return takesBranch(x, twice) + n
}

//go:noinline
func takesBranch(y int, isTwice bool) int {
	tell("main.takesBranch", "y", y, "isTwice", isTwice)
	park()
	return 1
}

//go:noinline
func passesSmall(a int8, b uint16, c bool) int {
	tell("main.passesSmall", "a", a, "b", b, "c", c)
	return takesSmall(a, b, c) + int(a)
}

//go:noinline
func takesSmall(d int8, e uint16, f bool) int {
	tell("main.takesSmall", "d", d, "e", e, "f", f)
	park()
	return 1
}

// The stack moves when the slot with the pointer is dead already.
//
//go:noinline
func passesDeep(n int) int {
	p := pair{n, n + 1, "deep"}
	tell("main.passesDeep", "n", n, "p", text(`{Left:21 Right:22 Name:"deep"}`))
	return passesOn(&p, n) + p.Left
}

//go:noinline
func passesOn(p *pair, n int) int {
	tell("main.passesOn", "p", text(`&{Left:21 Right:22 Name:"deep"}`), "n", n, "more", text("22"))
	more := keepNumber(n)
	return growsStack(p, more) + n
}

//go:noinline
func growsStack(p *pair, m int) int {
	left := p.Left
	tell("main.growsStack", "p", text(`&{Left:21 Right:22 Name:"deep"}`), "m", m, "left", left)
	deepen(64)
	park()
	return 1
}

//go:noinline
func deepen(n int) byte {
	var space [1024]byte
	if n > 0 {
		space[n] = deepen(n - 1)
	}
	return space[n/2]
}

// Methods of embedded types: the wrapper changes the receiver and jumps.

type holder interface{ hold(k int, s string) int }

type first struct {
	N int
	S string
}
type second struct {
	N int
	S string
}
type third struct {
	N int
	S string
}
type aroundFirst struct {
	Head int
	*first
}
type aroundSecond struct {
	Head string
	second
}

var holders = []holder{&aroundFirst{1, &first{11, "first"}}, &aroundSecond{"head", second{12, "second"}}, &third{13, "third"}}

//go:noinline
func (f *first) hold(k int, s string) int {
	tell("main.(*first).hold", "f", f, "k", k, "s", s)
	park()
	return 1
}

//go:noinline
func (f *second) hold(k int, s string) int {
	tell("main.(*second).hold", "f", f, "k", k, "s", s)
	park()
	return 1
}

//go:noinline
func (f *third) hold(k int, s string) int {
	tell("main.(*third).hold", "f", f, "k", k, "s", s)
	park()
	return 1
}

//go:noinline
func passesHolder(h holder, n int) int {
	tell("main.passesHolder", "h", h, "n", n)
	keepNumber(n)
	return h.hold(n, "held") + n
}

var functions = map[string]func(*pair, int) int{"takesCalled": takesCalled}

//go:noinline
func passesFunction(f func(*pair, int) int, p *pair, n int) int {
	tell("main.passesFunction", "f", text("*"), "p", p, "n", n)
	return f(p, n) + n
}

//go:noinline
func takesCalled(p *pair, m int) int {
	tell("main.takesCalled", "p", p, "m", m)
	park()
	return 1
}

//go:noinline
func passesLoop(n int) int {
	tell("main.passesLoop", "n", n, "sum", 5, "i", 2)
	sum := 0
	for i := 0; i < n; i++ {
		sum += takesLoop(i, sum, i == n-1)
	}
	return sum
}

//go:noinline
func takesLoop(j, before int, last bool) int {
	if !last {
		return j + 2
	}
	tell("main.takesLoop", "j", j, "before", before, "last", last)
	park()
	return 1
}

//go:noinline
func passesConstants(n int) int {
	tell("main.passesConstants", "n", n)
	return takesConstants(-7, 1<<40, "constant", nil, true) + n
}

//go:noinline
func takesConstants(a, b int, s string, none *pair, yes bool) int {
	tell("main.takesConstants", "a", a, "b", b, "s", s, "none", none, "yes", yes)
	park()
	return 1
}
