package main

import (
	"fmt"
	"strconv"
	"strings"
	"unsafe"
)

// ---- what only values on a stack hold, which have no name of their own ----

// StackedObject says that one of the expressions, variables of a function, leads to the object.
type StackedObject struct {
	Type, Address string
	Expressions   []string
}

var stackedObjects []StackedObject

type (
	OnlySliced   struct{ Self *OnlySliced }
	OnlyMade     struct{ Self *OnlyMade }
	OnlyPart     struct{ Self *OnlyPart }
	OnlyPassed   struct{ Self *OnlyPassed }
	OnlyListed   struct{ Self *OnlyListed }
	OnlyRow      struct{ Self *OnlyRow }
	OnlyPointed  struct{ Self *OnlyPointed }
	OnlyNested   struct{ Self *OnlyNested }
	OnlyBoxed    struct{ Self *OnlyBoxed }
	OnlyEnclosed struct{ Self *OnlyEnclosed }
	OnlyMapped   struct{ Self *OnlyMapped }
	OnlyWords    struct{ Self *OnlyWords }
)

type Row struct {
	Title string
	Item  *OnlyRow
	Count int
}

type Pair struct {
	Name        string
	Left, Right *OnlyPointed
}

type Collector struct {
	Limit int
	Items []*OnlyNested
}

type Box struct {
	Count int
	Item  *OnlyBoxed
}

// held makes an object that variables of functions will hold alone: "sliced.s[%]" of the i-th.
//
//go:noinline
func held[T any](i int, variables ...string) *T {
	p := new(T)
	lock.Lock()
	defer lock.Unlock()
	object := StackedObject{Type: fmt.Sprintf("%T", *p), Address: "0x" + strconv.FormatUint(uint64(uintptr(unsafe.Pointer(p))), 16)}
	for _, each := range variables {
		object.Expressions = append(object.Expressions, "main."+strings.ReplaceAll(each, "%", strconv.Itoa(i)))
	}
	stackedObjects = append(stackedObjects, object)
	return p
}

//go:noinline
func useOf[T any](p *T) int {
	if p == nil {
		return 0
	}
	return 1
}

//go:noinline
func sliced() (n int) {
	var array [8]*OnlySliced
	s := array[:0]
	for i := 0; i < 3; i++ {
		s = append(s, held[OnlySliced](i, "sliced.s[%]", "sliced.array[%]"))
	}
	block()
	for _, p := range s {
		n += useOf(p)
	}
	return n
}

//go:noinline
func makes() (n int) {
	s := make([]*OnlyMade, 0, 8)
	for i := 0; i < 5; i++ {
		s = append(s, held[OnlyMade](i, "makes.s[%]"))
	}
	block()
	for _, p := range s {
		n += useOf(p)
	}
	s = append(s, nil)
	return n + len(s)
}

//go:noinline
func parts(from int) (n int) {
	s := make([]*OnlyPart, 6)
	part := s[from:4]
	for i := range part {
		part[i] = held[OnlyPart](i, "parts.part[%]")
	}
	block()
	for _, p := range part {
		n += useOf(p)
	}
	return n
}

//go:noinline
func passes() int {
	list := make([]*OnlyPassed, 4)
	for i := range list {
		list[i] = held[OnlyPassed](i, "passes.list[%]", "takes.given[%]")
	}
	n := takes(list)
	return n + useOf(list[0])
}

//go:noinline
func takes(given []*OnlyPassed) (n int) {
	block()
	for _, p := range given {
		n += useOf(p)
	}
	return n
}

//go:noinline
func lists() int {
	return listed("a", held[OnlyListed](0, "listed.rest[%]"), held[OnlyListed](1, "listed.rest[%]"))
}

//go:noinline
func listed(name string, rest ...*OnlyListed) (n int) {
	block()
	for _, p := range rest {
		n += useOf(p) + len(name)
	}
	return n
}

//go:noinline
func rows() (n int) {
	table := make([]Row, 3)
	for i := range table {
		table[i] = Row{keys[i], held[OnlyRow](i, "rows.table[%].Item"), i}
	}
	block()
	for _, row := range table {
		n += useOf(row.Item) + len(row.Title)
	}
	return n
}

//go:noinline
func points() int {
	pair := Pair{keys[0], held[OnlyPointed](0, "points.pair.Left", "pointed.p.Left"), held[OnlyPointed](0, "points.pair.Right", "pointed.p.Right")}
	return pointed(&pair)
}

//go:noinline
func pointed(p *Pair) int {
	block()
	return useOf(p.Left) + useOf(p.Right) + len(p.Name)
}

//go:noinline
func nests() int {
	items := make([]*OnlyNested, 3)
	for i := range items {
		items[i] = held[OnlyNested](i, "nests.items[%]", "nests.c.Items[%]", "nested.c.Items[%]")
	}
	c := Collector{4, items}
	return nested(&c)
}

//go:noinline
func nested(c *Collector) (n int) {
	block()
	for _, p := range c.Items {
		n += useOf(p)
	}
	return n
}

//go:noinline
func keeps() int {
	box := Box{Item: held[OnlyBoxed](0, "keeps.box.Item", "keeper.value.(*main.Box).Item")}
	return keeper(&box) + box.Count
}

//go:noinline
func keeper(value any) int {
	block()
	if box, ok := value.(*Box); ok {
		return useOf(box.Item)
	}
	return 0
}

//go:noinline
func encloses() (n int) {
	p := held[OnlyEnclosed](0, "each.work.p")
	each(3, func(i int) { n += i + useOf(p) })
	return n
}

//go:noinline
func each(count int, work func(int)) {
	block()
	for i := 0; i < count; i++ {
		work(i)
	}
}

//go:noinline
func maps() (n int) {
	m := make(map[string]*OnlyMapped)
	for i := 0; i < 3; i++ {
		m[keys[i]] = held[OnlyMapped](i, `maps.m["%"]`)
	}
	block()
	for k, p := range m {
		n += len(k) + useOf(p)
	}
	return n + len(m)
}

// Numbers in an array between pointers: no pointer is taken for another.
//
//go:noinline
func words() (n int) {
	list := make([]struct {
		N    int
		Item *OnlyWords
	}, 4)
	for i := range list {
		list[i].N, list[i].Item = i, held[OnlyWords](i, "words.list[%].Item")
	}
	block()
	for _, each := range list {
		n += each.N + useOf(each.Item)
	}
	return n
}

var total int

func heldByStacks() {
	works := []func() int{
		sliced, makes, func() int { return parts(1) }, passes, lists, rows, points, nests, keeps, encloses, maps, words,
	}
	started.Add(len(works))
	for _, work := range works {
		go func(work func() int) {
			total += work()
		}(work)
	}
}
