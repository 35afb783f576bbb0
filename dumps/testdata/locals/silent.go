package main

import "strconv"

// The functions here do not show their variables to anyone before they park, so that the compiler is free to compute them early, late
// or not at all. What they are told to be was worked out by hand.

var silent = []func(){
	func() { increased(5) },
	func() { doubled(21, "s") },
	func() { copiedTwice(4) },
	func() { rotated(1, 2, 3) },
	func() { accumulated([]int{10, 20, 30, 40}) },
	func() { pieces("abcdef", []int{1, 2, 3, 4}) },
	func() { replaced(pair{1, 2, "old"}) },
	func() { fromInlined(3) },
	func() { nextRound(6) },
	func() { chosen(true, 8) },
	func() { loaded(&pair{10, 20, "load"}) },
	func() { walked(&link{1, &link{2, &link{3, nil}}}) },
	func() { thenLater(2) },
}

//go:noinline
func increased(n int) int {
	tell("main.increased", "n", n, "x", 7, "y", 14)
	x := n + 1
	x++
	y := x * 2
	park()
	use(x, y)
	return n
}

//go:noinline
func doubled(n int, s string) {
	tell("main.doubled", "n as passed", n, "s as passed", s, "n", 42, "s", "s!")
	n = n * 2
	s = s + "!"
	park()
	use(n, s)
}

//go:noinline
func copiedTwice(n int) {
	tell("main.copiedTwice", "n as passed", n, "n", 5, "a", 4, "b", 17, "c", 4)
	a := n
	b := compute(a)
	c := a
	n++
	park()
	use(n, a, b, c)
}

//go:noinline
func rotated(a, b, c int) {
	tell("main.rotated", "a as passed", a, "b as passed", b, "c as passed", c, "a", 2, "b", 3, "c", 1)
	a, b, c = b, c, a
	park()
	use(a, b, c)
}

//go:noinline
func accumulated(list []int) int {
	tell("main.accumulated", "list", list, "sum", 60, "last", 20, "i", 2, "each", 30)
	sum, last := 0, -1
	for i, each := range list {
		sum += each
		if i == 2 {
			park()
		}
		last = each
	}
	return sum + last
}

//go:noinline
func pieces(s string, list []int) {
	tell("main.pieces", "s as passed", s, "list as passed", list, "s", "bcdef", "t", "bc", "list", []int{2, 3, 4}, "head", []int{2})
	s = s[1:]
	t := s[:2]
	list = list[1:]
	head := list[:1]
	park()
	use(s, t, list, head)
}

//go:noinline
func replaced(p pair) {
	tell("main.replaced", "p as passed", p, "p", pair{1, 3, "new"}, "old", pair{1, 2, "old"})
	old := p
	p.Right = 3
	p.Name = "new"
	park()
	use(p, old)
}

func addTo(base, more int) int {
	base += more
	more = base * 2
	park()
	return base + more
}

//go:noinline
func fromInlined(n int) int {
	tell("main.fromInlined", "n", n, "start", 30, "got", notYet{})
	tell("main.addTo", "base", 33, "more", 66)
	start := n * 10
	got := addTo(start, n)
	return got + start + n
}

//go:noinline
func nextRound(n int) int {
	tell("main.nextRound", "n", n, "a", 8, "b", 13, "i", 5)
	a, b := 1, 1
	for i := 1; i <= n; i++ {
		if i == 5 {
			park()
		}
		a, b = b, a+b
		if i == 4 {
			a, b = 8, 13
		}
	}
	return a + b
}

//go:noinline
func chosen(first bool, n int) int {
	tell("main.chosen", "first", first, "n", n, "value", 16, "name", "first")
	value, name := n, "second"
	if first {
		value = n * 2
		name = "first"
	}
	park()
	return value + len(name)
}

//go:noinline
func loaded(p *pair) {
	tell("main.loaded", "p", text(`&{Left:10 Right:99 Name:"load"}`), "left", 10, "right", 20, "name", "load")
	left := p.Left
	right := p.Right
	name := p.Name
	p.Right = 99
	park()
	use(left, right, name, p)
}

type link struct {
	N    int
	Next *link
}

//go:noinline
func walked(first *link) int {
	tell("main.walked", "first", text("*"), "count", 1, "at", text("&{N:2 Next:&{N:3 Next:nil}}"), "next", notYet{})
	count := 0
	for at := first; at != nil; {
		if at.N == 2 {
			park()
		}
		next := at.Next
		at = next
		count++
	}
	return count
}

//go:noinline
func thenLater(n int) string {
	tell("main.thenLater", "n", n, "x", 4, "s", "4")
	x := n + 2
	s := strconv.Itoa(x)
	park()
	x += 100
	s = s + "later"
	n = x - 1
	park()
	return s + strconv.Itoa(n+x)
}
