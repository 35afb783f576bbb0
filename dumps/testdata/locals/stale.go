package main

import (
	"os"
	"strconv"
	"strings"
)

// Values that outlive their use, or do not: what lies where a variable was is not always the variable.

var stale = []func(){
	func() { reassignedPointer(&pair{1, 2, "first"}) },
	func() { keptPointer(&pair{3, 4, "kept"}) },
	func() { spentPointer(&pair{5, 6, "spent"}) },
	func() { spentNumber(20) },
	func() { spentText("spent", 3) },
	func() { reused(4) },
	func() { pointerSwap(&pair{1, 1, "p"}, &pair{2, 2, "q"}) },
	func() { nested([][]int{{1, 2}, {3, 4, 5}, {6}}) },
	func() { overMap(map[string]*pair{"only": {9, 8, "entry"}}) },
	func() { overText("añb") },
	func() { overChannel(11) },
	func() { receiving(12) },
	func() { readLoop(&connection{name: "client", buffer: []byte("PING 1\r\nPONG 22\r\n")}, 3) },
	func() { growing([]string{"x"}) },
	func() { joining([]string{"l", "m", "n"}) },
	func() { recursive(3, &pair{7, 7, "root"}, "r") },
	func() { variadic("v", 1, 2, 3) },
	func() { typed(&pair{1, 3, "typed"}, 5) },
	func() { several("12", "x") },
	func() { floats(0.5, []float64{1, 2, 4}) },
	func() { bytesAndFlags(7, 3, true) },
	func() { labelled([]int{5, 1, 9, 3}) },
	func() { switched(3, "s") },
	func() { early(nil, 4) },
	func() { bound(&pair{4, 2, "bound"}) },
	func() { onStack(3) },
	func() { lastUse(&pair{8, 9, "last"}, []int{1, 2}) },
	func() { bigger(large{A: 1, F: 6, Texts: [3]string{"a", "b", "c"}, In: pair{3, 4, "in"}}) },
}

//go:noinline
func next(p *pair) *pair { return &pair{p.Left + 1, p.Right + 1, p.Name + "+"} }

//go:noinline
func keep(p *pair) int { return p.Left }

//go:noinline
func keepText(s string) int { return len(s) }

//go:noinline
func keepNumber(n int) int { return n + 1 }

//go:noinline
func reassignedPointer(p *pair) int {
	tell("main.reassignedPointer", "p as passed", p, "p", pair2(2, 3, "first+"), "n", 3)
	n := keep(p) + 2
	p = next(p)
	park()
	return p.Right + n
}

func pair2(left, right int, name string) text {
	return text("&{Left:" + strconv.Itoa(left) + " Right:" + strconv.Itoa(right) + " Name:" + strconv.Quote(name) + "}")
}

//go:noinline
func keptPointer(p *pair) int {
	tell("main.keptPointer", "p as passed", p, "p", pair2(4, 5, "kept+"), "old", pair2(3, 4, "kept"))
	old := p
	keep(p)
	p = next(p)
	park()
	return keep(old) + keep(p)
}

//go:noinline
func spentPointer(p *pair) int {
	tell("main.spentPointer", "p as passed", p, "p", pair2(6, 7, "spent+"), "n", 6)
	keep(p)
	p = next(p)
	n := keep(p)
	park()
	return n
}

//go:noinline
func spentNumber(n int) int {
	tell("main.spentNumber", "n as passed", n, "n", 40, "m", 41)
	keepNumber(n)
	n = n * 2
	m := keepNumber(n)
	park()
	return m
}

//go:noinline
func spentText(s string, n int) int {
	tell("main.spentText", "s as passed", s, "s", "pent", "n", 3, "m", 4)
	keepText(s)
	s = s[1:]
	m := keepText(s)
	park()
	return m + n
}

//go:noinline
func reused(n int) int {
	tell("main.reused", "n", n, "a", pair2(4, 0, "a"), "b", pair2(5, 0, "b"), "x", 5, "y", 6)
	a := &pair{n, 0, "a"}
	sink = a
	x := keep(a) + 1
	b := &pair{x, 0, "b"}
	sink = b
	y := keep(b) + 1
	park()
	return y
}

//go:noinline
func pointerSwap(p, q *pair) int {
	tell("main.pointerSwap", "p as passed", p, "q as passed", q, "p", pair2(2, 2, "q"), "q", pair2(1, 1, "p"))
	keep(p)
	p, q = q, p
	park()
	return keep(p) + 2*keep(q)
}

//go:noinline
func nested(rows [][]int) int {
	tell("main.nested", "rows", rows, "total", 11, "i", 1, "row", []int{3, 4, 5}, "j", 2, "cell", 5)
	total := 0
	for i, row := range rows {
		for j, cell := range row {
			if cell == 5 {
				park()
			}
			total += cell + i*j
		}
	}
	return total
}

//go:noinline
func overMap(m map[string]*pair) int {
	tell("main.overMap", "m", m, "sum", 9, "key", "only", "value", pair2(9, 8, "entry"))
	sum := 0
	for key, value := range m {
		sum += keep(value)
		park()
		sum += len(key) + value.Right
	}
	return sum
}

//go:noinline
func overText(s string) int {
	tell("main.overText", "s", s, "i", 1, "r", 'ñ', "seen", 97)
	seen := 0
	for i, r := range s {
		if r > 127 {
			park()
		}
		seen += int(r) + i
	}
	return seen
}

//go:noinline
func overChannel(n int) int {
	tell("main.overChannel", "n as passed", n, "n", n, "c", text("*"), "got", 11, "count", 1)
	c := make(chan int, 2)
	c <- n
	count := 0
	for got := range c {
		count++
		park()
		n += got
	}
	return count + n
}

//go:noinline
func receiving(n int) int {
	tell("main.receiving", "n", n, "c", text("*"), "done", text("*"), "got", 12, "ok", true, "sum", 24)
	c := make(chan int, 1)
	done := make(chan bool)
	c <- n
	sum := n
	for {
		select {
		case got, ok := <-c:
			sum += got
			park()
			if !ok {
				return sum
			}
		case <-done:
			return sum
		}
	}
}

type connection struct {
	name   string
	buffer []byte
	read   int
	closed bool
}

//go:noinline
func (c *connection) fill(into []byte) (int, error) {
	n := copy(into, c.buffer[c.read:])
	c.read += n
	return n, nil
}

//go:noinline
func readLoop(c *connection, most int) int {
	tell("main.readLoop", "c", text("*"), "most", most, "buffer", []byte("PING 1\r\n"), "errors", 0, "round", 1, "n", 8, "err", text("nil"),
		"line", "PING 1", "parts", []string{"PING", "1"}, "size", 4, "start", text("*"))
	buffer := make([]byte, 8)
	start := c.read
	errors := 0
	for round := 1; round <= most; round++ {
		n, err := c.fill(buffer)
		if err != nil {
			errors++
			continue
		}
		line := strings.TrimSpace(string(buffer[:n]))
		parts := strings.Split(line, " ")
		size := keepText(parts[0])
		if round == 1 {
			park()
		}
		if size > 4 || c.closed {
			errors += keepText(line)
		}
		os.Getenv(parts[0])
	}
	return errors + start
}

//go:noinline
func growing(list []string) int {
	tell("main.growing", "list as passed", list, "list", []string{"x", "0", "1"}, "first", []string{"x"}, "i", 1)
	first := list
	for i := 0; i < 3; i++ {
		list = append(list, strconv.Itoa(i))
		if i == 1 {
			park()
		}
	}
	return len(list) + len(first)
}

//go:noinline
func joining(list []string) string {
	tell("main.joining", "list", list, "out", "l.m.", "i", 1, "each", "m")
	out := ""
	for i, each := range list {
		out += each + "."
		if i == 1 {
			park()
		}
	}
	return out
}

//go:noinline
func recursive(depth int, p *pair, path string) int {
	if depth == 3 {
		tell("main.recursive", "depth", 3, "depth", 2, "depth", 1, "depth", 0, "p", p, "p", pair2(8, 8, "root+"), "p", pair2(9, 9, "root++"),
			"p", pair2(10, 10, "root+++"), "path", "r", "path", "r3", "path", "r32", "path", "r321", "below", notYet{})
	}
	if depth == 0 {
		park()
		return keep(p)
	}
	below := recursive(depth-1, next(p), path+strconv.Itoa(depth))
	return below + depth + len(path)
}

//go:noinline
func variadic(name string, numbers ...int) int {
	tell("main.variadic", "name", name, "numbers", numbers, "total", 6)
	total := 0
	for _, each := range numbers {
		total += each
	}
	park()
	return total + len(name) + len(numbers)
}

//go:noinline
func typed(x any, n int) int {
	tell("main.typed", "x", x, "n", n, "p", pair2(1, 3, "typed"), "ok", true)
	p, ok := x.(*pair)
	if !ok {
		return 0
	}
	park()
	return keep(p) + n
}

//go:noinline
func several(good, bad string) int {
	tell("main.several", "good", good, "bad", bad, "a", 12, "b", 0, "err", text("*"), "sum", 12)
	a, err := strconv.Atoi(good)
	if err != nil {
		return -1
	}
	b, err := strconv.Atoi(bad)
	sum := a + b
	park()
	if err != nil {
		return sum + len(err.Error()) + len(good)
	}
	return sum
}

//go:noinline
func floats(scale float64, list []float64) float64 {
	tell("main.floats", "scale", 0.5, "list", list, "sum", 1.5, "i", 2, "each", 4.0, "scaled", 2.0)
	sum := 0.0
	for i, each := range list {
		scaled := each * scale
		if i == 2 {
			park()
		}
		sum += scaled
	}
	return sum
}

//go:noinline
func bytesAndFlags(a uint8, b int16, flag bool) int {
	tell("main.bytesAndFlags", "a as passed", a, "b as passed", b, "flag as passed", flag, "a", 107, "b", -3, "flag", false, "sum", 104)
	use(a, b, flag)
	a += 100
	b = -b
	flag = !flag
	sum := int(a) + int(b)
	park()
	if flag {
		return sum
	}
	return int(a) - int(b) + sum
}

//go:noinline
func labelled(list []int) int {
	tell("main.labelled", "list", list, "best", 5, "at", 0, "i", 2, "each", 9)
	best, at := -1, -1
outer:
	for i, each := range list {
		if each < best {
			continue outer
		}
		if each == 9 {
			park()
		}
		best, at = each, i
	}
	return best + at
}

//go:noinline
func switched(n int, s string) string {
	tell("main.switched", "n", n, "s as passed", s, "s", "three!", "size", 6)
	switch {
	case n > 10:
		s = "many"
	case n == 3:
		s = "three"
	default:
		s += "other"
	}
	s += "!"
	size := len(s)
	park()
	return s + strconv.Itoa(size)
}

//go:noinline
func early(p *pair, n int) int {
	tell("main.early", "p as passed", p, "p", pair2(4, 4, "made"), "n", n, "total", 8)
	if p == nil {
		p = &pair{n, n, "made"}
		sink = p
	}
	total := keep(p) + p.Right
	park()
	return total
}

func (p *pair) add(n int) int {
	p.Left += n
	sum := p.Left + p.Right
	park()
	return sum
}

//go:noinline
func bound(p *pair) int {
	tell("main.bound", "p", text("*"), "f", text("*"), "got", notYet{})
	tell("main.(*pair).add", "p", pair2(14, 2, "bound"), "n", 10, "sum", 16)
	f := p.add
	got := f(10)
	return got
}

//go:noinline
func fillIn(list []int, n int) int {
	for i := range list {
		list[i] = i * n
	}
	return len(list)
}

//go:noinline
func onStack(n int) int {
	tell("main.onStack", "n", n, "array", [4]int{0, 3, 6, 9}, "list", []int{0, 3, 6, 9}, "part", []int{3, 6}, "size", 4)
	var array [4]int
	list := array[:]
	size := fillIn(list, n)
	part := list[1:3]
	park()
	return size + fillIn(part, n) + array[3]
}

//go:noinline
func lastUse(p *pair, list []int) int {
	tell("main.lastUse", "p", p, "list", list, "a", 8, "b", 2)
	a := keep(p)
	b := len(list)
	use(list)
	park()
	return a + b
}

//go:noinline
func bigger(b large) int {
	tell("main.bigger", "b as passed", b, "b", text(`{A:2 B:0 C:0 D:0 E:0 F:6 Texts:["a" "z" "c"] In:{Left:3 Right:4 Name:"in"}}`), "before", 1, "in",
		pair{3, 4, "in"})
	before := b.A
	b.A = 2
	b.Texts[1] = "z"
	in := b.In
	park()
	return before + b.A + len(b.Texts[1]) + in.Left
}
