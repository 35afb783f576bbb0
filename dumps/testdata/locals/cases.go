package main

import (
	"errors"
	"strconv"
)

var cases = []func(){
	func() { numbers(-8, 200, -300, 60000, -70000, 4000000000, -5e12, 1<<63, true, 'x') },
	func() { fractions(1.5, -2.25, complex(1, -2)) },
	func() { words("one", []string{"a", "b"}, []byte("xyz"), [3]int{4, 5, 6}) },
	func() { slices([]int{1, 2, 3, 4}, nil) },
	func() {
		structs(pair{1, 2, "pair"}, large{1, 2, 3, 4, 5, 6, [3]string{"x", "y", "z"}, pair{7, 8, "in"}})
	},
	func() { pointers(&pair{3, 4, "ptr"}, nil) },
	func() { interfaces(5, errors.New("bad"), square{6}, nil) },
	func() { maps(map[string]int{"one": 1}, map[int]pair{2: {2, 3, "two"}}) },
	func() { looping([]string{"a", "bc", "defg", "h"}) },
	func() { counting(10) },
	func() { shadowing(3) },
	func() { siblings(5) },
	func() { dead(4) },
	func() { overwritten(6, "six") },
	func() { kept(9, "nine") },
	func() { swapped(1, "two", 3, "four") },
	func() { results(5) },
	func() { closures(8) },
	func() { byReference(3) },
	func() { inlining(2) },
	func() { inliningTwice(30) },
	func() { pair{5, 6, "value"}.value(2) },
	func() { (&pair{7, 8, "pointer"}).pointer(3) },
	func() { generic(11, []int{12, 13}) },
	func() { generic(pair{1, 2, "g"}, []pair{{3, 4, "h"}}) },
	func() { byType("text") },
	func() { late(1) },
	func() { branches(7) },
	func() { many(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, "twelve", []int{13}) },
	func() { deferred(4) },
}

//go:noinline
func numbers(a int8, b uint8, c int16, d uint16, e int32, f uint32, g int64, h uint64, i bool, j rune) {
	sum := int64(a) + int64(b) + int64(c)
	not := !i
	low := uint8(d)
	address := uintptr(f) * 2
	tell("main.numbers", "a", a, "b", b, "c", c, "d", d, "e", e, "f", f, "g", g, "h", h, "i", i, "j", j, "sum", sum, "not", not,
		"low", low, "address", address)
	park()
	use(a, b, c, d, e, f, g, h, i, j, sum, not, low, address)
}

//go:noinline
func fractions(a float64, b float32, c complex128) {
	sum := a + float64(b)
	half := b / 2
	product := c * c
	tell("main.fractions", "a", a, "b", b, "c", c, "sum", sum, "half", half, "product", product)
	park()
	use(a, b, c, sum, half, product)
}

//go:noinline
func words(name string, list []string, raw []byte, array [3]int) {
	tell("main.words", "raw as passed", raw, "array as passed", array)
	longer := name + "-" + list[1]
	part := longer[1:3]
	raw = raw[1:]
	array[1] += 10
	empty := ""
	copied := array
	copied[0] = 99
	tell("main.words", "name", name, "list", list, "raw", raw, "array", array, "longer", longer, "part", part, "empty", empty, "copied", copied)
	park()
	use(name, list, raw, array, longer, part, empty, copied)
}

//go:noinline
func slices(list, none []int) {
	middle := list[1:3]
	grown := append(list[:2:2], 50)
	made := make([]string, 2, 5)
	made[1] = "set"
	tell("main.slices", "list as passed", list)
	list = list[:3]
	nested := [][]int{{1}, nil, {2, 3}}
	tell("main.slices", "list", list, "none", none, "middle", middle, "grown", grown, "made", made, "nested", nested)
	park()
	use(list, none, middle, grown, made, nested)
}

type large struct {
	A, B, C, D, E, F int
	Texts            [3]string
	In               pair
}

//go:noinline
func structs(small pair, big large) {
	tell("main.structs", "big as passed", big)
	copied := small
	copied.Left = 77
	big.Texts[1] = "changed"
	big.In.Name = small.Name + "!"
	both := [2]pair{small, copied}
	var nothing struct{}
	anonymous := struct {
		N int
		S string
	}{big.F, "anon"}
	tell("main.structs", "small", small, "big", big, "copied", copied, "both", both, "nothing", nothing, "anonymous", anonymous)
	park()
	use(small, big, copied, both, nothing, anonymous)
}

//go:noinline
func change(p *pair) int {
	p.Left += 100
	return p.Right
}

//go:noinline
func pointers(p, none *pair) {
	local := pair{1, 2, "local"}
	q := &local
	right := change(q)
	twice := &p
	array := &[2]string{"u", "v"}
	tell("main.pointers", "p", p, "none", none, "local", local, "q", q, "right", right, "twice", twice, "array", array)
	park()
	change(q)
	use(p, none, right, twice, array)
}

type shape interface{ Area() int }
type square struct{ Side int }

func (s square) Area() int { return s.Side * s.Side }

//go:noinline
func interfaces(a any, err error, s shape, none any) {
	var boxed any = pair{1, 2, "boxed"}
	var wrapped shape = &square{8}
	var number any = int32(s.Area())
	var nothing error
	tell("main.interfaces", "a", held(a), "err", text(`&{s:"bad"}`), "s", held(s), "none", held(none), "boxed", held(boxed),
		"wrapped", held(wrapped), "number", held(number), "nothing", held(nothing))
	park()
	use(a, err, s, none, boxed, wrapped, number, nothing)
}

//go:noinline
func maps(names map[string]int, pairs map[int]pair) {
	made := map[string][]int{"list": {1, 2}}
	var none map[int]int
	got := pairs[2]
	size := len(names)
	tell("main.maps", "names", names, "pairs", pairs, "made", made, "none", none, "got", got, "size", size)
	park()
	use(names, pairs, made, none, got, size)
}

//go:noinline
func looping(list []string) int {
	total := 0
	for i, word := range list {
		size := len(word)
		for j := 0; j < size; j++ {
			product := i * j
			total += product
			if i == 2 && j == 3 {
				tell("main.looping", "list", list, "total", total, "i", i, "word", word, "size", size, "j", j, "product", product,
					"after", notYet{})
				park()
			}
			use(product)
		}
		use(size)
	}
	after := total * 2
	use(after)
	return total + after
}

//go:noinline
func counting(n int) int {
	sum, previous := 0, 1
	for i := 0; i < n; i++ {
		next := sum + previous
		previous = sum
		sum = next
		if i == 6 {
			tell("main.counting", "n", n, "sum", sum, "previous", previous, "i", i, "next", next)
			park()
		}
	}
	return sum
}

//go:noinline
func shadowing(x int) {
	y := x + 1
	{
		x := "inner"
		y := []int{y, y + 1}
		if len(y) > 1 {
			x := 2.5
			tell("main.shadowing", "x", 3, "x", "inner", "x", x, "y", 4, "y", y)
			park()
			use(x)
		}
		use(x, y)
	}
	use(x, y)
}

//go:noinline
func siblings(n int) {
	{
		var first [12]int
		for i := range first {
			first[i] = n + i
		}
		use(first)
	}
	{
		var second [12]int
		for i := range second {
			second[i] = n * i
		}
		tell("main.siblings", "n", n, "second", second)
		park()
		use(second)
	}
	{
		third := [12]string{"third"}
		use(third)
	}
}

//go:noinline
func compute(n int) int { return n*n + 1 }

//go:noinline
func dead(n int) {
	x := compute(n)
	use(x)
	y := compute(x)
	s := strconv.Itoa(y)
	z := len(s)
	tell("main.dead", "n", n, "x", x, "y", y, "s", s, "z", z)
	park()
	use(z)
}

//go:noinline
func overwritten(n int, s string) {
	use(n, s)
	tell("main.overwritten", "n as passed", n, "s as passed", s)
	n = n * 2
	s += "?"
	tell("main.overwritten", "n", n, "s", s)
	park()
	use(n, s)
}

//go:noinline
func kept(n int, s string) {
	old := n
	tell("main.kept", "n", n, "s", s, "old", old)
	park()
	use(n, s)
	n = compute(n)
	s = strconv.Itoa(n)
	use(n, s, old)
}

//go:noinline
func swapped(a int, b string, c int, d string) {
	tell("main.swapped", "a as passed", a, "b as passed", b, "c as passed", c, "d as passed", d)
	if a < c {
		a, c = c, a
		b, d = d, b
	}
	tell("main.swapped", "a", a, "b", b, "c", c, "d", d)
	park()
	use(a, b, c, d)
}

//go:noinline
func results(n int) (sum int, said string, err error) {
	sum = n + 5
	said = strconv.Itoa(sum)
	defer func() { sum++ }()
	tell("main.results", "n", n, "sum", sum, "said", said, "err", held(err))
	park()
	return sum, said, nil
}

//go:noinline
func closures(n int) {
	name := "captured"
	func() {
		inner := n + 1
		tell("main.closures", "n", n, "name", name, "outer", notYet{})
		tell("main.closures.func1", "inner", inner, "n", n, "name", name)
		park()
		use(inner, n, name)
	}()
	outer := n * 2
	use(n, name, outer)
}

//go:noinline
func byReference(n int) {
	counter := n
	add := func(k int) { counter += k }
	add(10)
	tell("main.byReference", "n", n, "counter", counter, "add", text("*"))
	park()
	add(1)
	use(counter)
}

func small(a int, s string) int {
	doubled := a * 2
	park()
	return doubled + len(s)
}

func middle(a int) int {
	b := a + 1
	return small(b, "in") + b
}

//go:noinline
func inlining(start int) int {
	first := start * 10
	tell("main.inlining", "start", start, "first", first, "result", notYet{})
	tell("main.middle", "a", first, "b", first+1)
	tell("main.small", "a", first+1, "s", "in", "doubled", (first+1)*2)
	result := middle(first)
	return result + first + start
}

func halve(n int, hold bool) int {
	half := n / 2
	if hold {
		park()
	}
	return half + 1
}

//go:noinline
func inliningTwice(n int) int {
	one := halve(n, false)
	tell("main.inliningTwice", "n", n, "one", one, "two", notYet{})
	tell("main.halve", "n", one, "hold", true, "half", one/2)
	two := halve(one, true)
	return one + two + n
}

//go:noinline
func (p pair) value(k int) {
	tell("main.pair.value", "p as passed", p)
	p.Left *= k
	tell("main.pair.value", "p", p, "k", k)
	park()
	use(p, k)
}

//go:noinline
func (p *pair) pointer(k int) {
	p.Left *= k
	tell("main.(*pair).pointer", "p", p, "k", k)
	park()
	use(p, k)
}

//go:noinline
func generic[T any](v T, list []T) {
	first := list[0]
	count := len(list)
	tell("main.generic[...]", "v", 11, "v", pair{1, 2, "g"}, "list", []int{12, 13}, "list", []pair{{3, 4, "h"}}, "first", 12,
		"first", pair{3, 4, "h"}, "count", 1, "count", 2)
	park()
	use(v, list, first, count)
}

//go:noinline
func byType(x any) {
	switch v := x.(type) {
	case int:
		use(v)
	case string:
		longer := v + "!"
		tell("main.byType", "x", held(x), "v", v, "longer", longer)
		park()
		use(v, longer)
	}
	use(x)
}

//go:noinline
func late(n int) {
	tell("main.late", "n", n, "a", notYet{}, "b", notYet{}, "list", notYet{}, "p", notYet{})
	park()
	a := compute(n)
	b := strconv.Itoa(a)
	list := []int{a, n}
	p := pair{a, n, b}
	use(a, b, list, p)
}

//go:noinline
func branches(n int) {
	var which string
	var amount int
	if n > 5 {
		which = "big"
		amount = n * 100
	} else {
		which = "small"
		amount = -n
	}
	if n == 7 {
		extra := amount + 1
		tell("main.branches", "n", n, "which", which, "amount", amount, "extra", extra)
		park()
		use(extra)
	}
	use(which, amount)
}

//go:noinline
func many(a, b, c, d, e, f, g, h, i, j, k int, l string, m []int) {
	tell("main.many", "b as passed", b)
	sum := a + b + c + d + e + f + g + h + i + j + k
	b = sum
	tell("main.many", "a", a, "b", b, "c", c, "d", d, "e", e, "f", f, "g", g, "h", h, "i", i, "j", j, "k", k, "l", l, "m", m, "sum", sum)
	park()
	use(a, b, c, d, e, f, g, h, i, j, k, l, m, sum)
}

//go:noinline
func deferred(n int) {
	state := "before"
	defer func(seen int) {
		again := seen + 1
		tell("main.deferred", "n", n, "state", state)
		tell("main.deferred.func1", "seen", seen, "again", again, "state", state, "n", n)
		park()
		use(again, state, n)
	}(n * 3)
	state = "after"
	panic("told")
}
