package main

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"
)

type Celsius float64
type Weekday int
type Name string
type Names []string
type Table map[string]Celsius
type Handler func(int) int
type Grid [2][3]int8
type Digest [4]byte

func (d Weekday) String() string  { return "a day" }
func (c *Counter) String() string { return "a counter" }

type Inner struct {
	A int8
	B string
}
type Counter struct {
	Inner
	N    int
	_    int
	Last struct{}
}
type Deep struct {
	*Counter
	Celsius
	Grid  Grid
	Local struct {
		X, Y  float32
		Words [2]Name
	}
}
type Pair[K comparable, V any] struct {
	Key   K
	Value V
}
type Ring struct {
	Name string
	Next *Ring
}

var numbers = struct {
	True, False bool
	I8          [2]int8
	I16         [2]int16
	I32         [2]int32
	I64         [3]int64
	I           int
	U8          uint8
	U16         uint16
	U32         uint32
	U64         uint64
	U           uint
	Ptr         uintptr
	Rune        rune
	Temp        Celsius
	Day         Weekday
	C64         [3]complex64
	C128        [3]complex128
}{
	True: true, I8: [2]int8{math.MinInt8, math.MaxInt8}, I16: [2]int16{math.MinInt16, math.MaxInt16}, I32: [2]int32{math.MinInt32, math.MaxInt32},
	I64: [3]int64{math.MinInt64, math.MaxInt64, -1}, I: -1 << 53, U8: 255, U16: 65535, U32: math.MaxUint32, U64: math.MaxUint64, U: 1<<63 + 1,
	Ptr: 0xc000, Rune: '世', Temp: -40.5, Day: 3,
	C64:  [3]complex64{complex(1, -2), complex(float32(math.Inf(1)), 0.1), 0},
	C128: [3]complex128{complex(math.NaN(), math.Inf(-1)), complex(1e21, -1e-7), complex(math.Copysign(0, -1), math.Copysign(0, -1))},
}

var floats64 = []float64{
	0, 1, -1, 0.1, 1.0 / 3, 100000, 999999, 1000000, 1234567, 123456789, 1e20, 1e21, 1e22, 1.5e300, 1e-4, 1e-5, 1.25e-7, 5e-324, 2.2250738585072014e-308,
	math.MaxFloat64, math.Pi, math.Inf(1), math.Inf(-1), math.NaN(), math.Copysign(0, -1), 1 << 53, 1<<53 + 2, 9007199254740993, 4503599627370496.5,
}
var floats32 = []float32{
	0, 1, 0.1, 1.0 / 3, 16777216, 16777217, 123456.7, 1e6, 1e10, math.MaxFloat32, math.SmallestNonzeroFloat32, 1.1754944e-38, 1 << 30, 1 << 70, 5.877472e-39,
	float32(math.Inf(1)), float32(math.NaN()), float32(math.Copysign(0, -1)), 8.5e-5, 3.4e-7, 2097152.2,
}

var texts = []string{
	"", "plain", `say "hi" \ 'there'`, "\x00\x01\a\b\t\n\v\f\r\x1b[31mred\x1b[0m\x7f", "\u0080\u009b31m", "héllo wörld", "日本語", "🎉👩‍👩‍👧", "e\u0301",
	"\u200b\u202e\u2028\ufeff", "\xff\xfe bad \xe2\x82", "\xed\xa0\x80\xf4\x90\x80\x80\xc0\x80", "\U0010ffff\uffff", "\ufffd", "\u00a0\u3000\u00ad", "%s \\x41 `",
}
var longText = strings.Repeat("0123456789", 700)
var name Name = "a named string"

var nested = Deep{
	Counter: &Counter{Inner: Inner{-5, "inner"}, N: 7}, Celsius: 21.5, Grid: Grid{{1, 2, 3}, {-1, -2, -3}},
	Local: struct {
		X, Y  float32
		Words [2]Name
	}{0.1, 2, [2]Name{"one", "two"}},
}
var nestedPointer = &nested
var pair = Pair[string, *Pair[int, []Inner]]{"key", &Pair[int, []Inner]{5, []Inner{{1, "x"}, {2, "y"}}}}

var number = 42
var numberPointer = &number
var list = []int{1, 2, 3}
var table = Table{"low": -1, "high": 1}
var anything any = "anything"
var pointers = struct {
	Nil      *int
	One      *int
	Two      **int
	Array    *[3]string
	Slice    *[]int
	Map      *Table
	Text     *string
	Any      *any
	Raw      unsafe.Pointer
	RawNil   unsafe.Pointer
	Ring     *Ring
	Empty    *struct{}
	Interior *int8
}{
	One: numberPointer, Two: &numberPointer, Array: &[3]string{"a", "b", ""}, Slice: &list, Map: &table, Text: &texts[1], Any: &anything,
	Raw: unsafe.Pointer(&number), Ring: &Ring{Name: "first"}, Empty: &struct{}{}, Interior: &nested.Counter.A,
}

var slices = struct {
	Nil      []int
	Empty    []int
	Spare    []string
	Tail     []int
	Bytes    []byte
	NoBytes  []byte
	Many     []byte
	Matrix   [][]int
	Nothing  []struct{}
	None     [0]int
	Zero     [5]string
	Named    Names
	Digest   Digest
	Structs  []Inner
	Pointers []*Inner
	Anything []any
	Flags    []bool
}{
	Empty: []int{}, Spare: append(make([]string, 0, 9), "x", "y"), Tail: list[2:], Bytes: []byte("bytes\x00\xff"), NoBytes: []byte{}, Many: make([]byte, 100),
	Matrix: [][]int{{1}, nil, {}, {2, 3}}, Nothing: make([]struct{}, 3), Named: Names{"n"}, Digest: Digest{0xde, 0xad, 0xbe, 0xef},
	Structs: make([]Inner, 2, 5), Pointers: []*Inner{nil, {3, "p"}}, Anything: []any{1, "two", nil, 3.5}, Flags: []bool{true, false},
}

// Longer than any page.
var longList = make([]Inner, 20000)

func top(n int) int { return n }

var interfaces = struct {
	Nil      any
	NilError error
	Int      any
	Int64    any
	Zero     any
	Byte     any
	Text     any
	Empty    any
	Float    any
	Pointer  any
	NilPtr   any
	Struct   any
	Slice    any
	Array    any
	Map      any
	Func     any
	Chan     any
	Direct   any
	Single   any
	Nothing  any
	Bool     any
	Named    any
	Stringer fmt.Stringer
	Counter  fmt.Stringer
	NoString fmt.Stringer
	Error    error
	Pair     any
	Complex  any
	Unnamed  any
}{
	Int: 42, Int64: int64(-7), Zero: 0, Byte: byte(200), Text: "text", Empty: "", Float: 1.5, Pointer: &Inner{1, "p"}, NilPtr: (*Inner)(nil),
	Struct: Inner{2, "s"}, Slice: []int{1, 2}, Array: [2]string{"a", "b"}, Map: Table{"t": 3}, Func: top, Chan: make(chan int), Direct: [1]*int{&number},
	Single: struct{ p *int }{&number}, Nothing: struct{}{}, Bool: true, Named: Celsius(3), Stringer: Weekday(5), Counter: nested.Counter,
	NoString: (*Counter)(nil), Error: errors.New("broken"), Pair: Pair[Name, any]{"n", 1}, Complex: complex64(1i), Unnamed: struct {
		A int
		B any
	}{1, "b"},
}

var root = errors.New("root cause")
var chain error = fmt.Errorf("outer: %w", fmt.Errorf("middle: %w", &fs.PathError{Op: "open", Path: "/etc/\x1bnone", Err: errors.Join(root, os.ErrNotExist)}))
var two = fmt.Errorf("both %w and %w", root, fs.ErrExist)

var times = struct {
	Zero, UTC, Now, Local, Fixed, Epoch, Old, Ancient, Future time.Time
	Pointer                                                   *time.Time
	Durations                                                 []time.Duration
	Month                                                     time.Month
}{
	UTC: time.Date(2024, 2, 29, 23, 59, 59, 123456789, time.UTC), Now: time.Now(), Local: time.Unix(1700000000, 500), Epoch: time.Unix(0, 0).UTC(),
	Fixed: time.Date(2020, 1, 1, 12, 0, 0, 0, time.FixedZone("X\x1bY", 3*3600)), Old: time.Date(1850, 6, 15, 1, 2, 3, 40, time.UTC),
	Ancient: time.Date(-44, 3, 15, 12, 0, 0, 0, time.UTC), Future: time.Date(12345, 6, 7, 8, 9, 10, 11, time.UTC),
	Pointer:   new(time.Time),
	Durations: []time.Duration{0, 1, -1, 999, 1500, 2 * time.Millisecond, 1500 * time.Millisecond, time.Hour, 36*time.Hour + 5*time.Second + 1, math.MinInt64, math.MaxInt64},
	Month:     time.March,
}

var funcs struct {
	Nil     func()
	Top     func(int) int
	Named   Handler
	Value   func() int
	Ref     func() int
	Method  func() string
	Express func(Weekday) string
	Plain   func()
}

var channels = struct {
	Nil        chan int
	Unbuffered chan string
	Some       chan int
	Wrapped    chan Inner
	Closed     chan *Inner
	In         chan<- int
	Out        <-chan int
	Signals    chan struct{}
}{
	Unbuffered: make(chan string), Some: make(chan int, 5), Wrapped: make(chan Inner, 4), Closed: make(chan *Inner, 3), In: make(chan int, 2),
	Out: make(chan int, 1), Signals: make(chan struct{}, 3),
}

var syncs struct {
	Empty   sync.Map
	Few     sync.Map
	Many    sync.Map
	Pointer *sync.Map
}
var syncMany sync.Map

var atomics struct {
	I32   atomic.Int32
	I64   atomic.Int64
	U64   atomic.Uint64
	Bool  atomic.Bool
	Ptr   atomic.Pointer[Inner]
	Nil   atomic.Pointer[Inner]
	Any   atomic.Value
	NoAny atomic.Value
}

//go:noinline
func use(any) {}

//go:noinline
func closures(n int, text string, items []int, by *int) {
	value := func() int {
		// Before a call: the executable has no names for captured variables that never leave their registers.
		use(by)
		use(items)
		use(text)
		use(n)
		return n + len(text) + len(items) + *by
	}
	funcs.Value = value
	captured[*(*unsafe.Pointer)(unsafe.Pointer(&value))] = []capture{
		{"n", pointerOf(n)}, {"text", pointerOf(text)}, {"items", pointerOf(items)}, {"by", pointerOf(by)},
	}
	total := 5
	ref := func() int {
		use(n)
		total += n
		return total
	}
	ref()
	funcs.Ref = ref
	captured[*(*unsafe.Pointer)(unsafe.Pointer(&ref))] = []capture{{"&total", pointerOf(&total)}, {"n", pointerOf(n)}}
	method := Weekday(2).String
	funcs.Method = method
	captured[*(*unsafe.Pointer)(unsafe.Pointer(&method))] = []capture{{"R", pointerOf(Weekday(2))}}
}

// pointerOf keeps its argument somewhere else: a variable whose address is taken is captured by reference.
func pointerOf[T any](v T) *T { return &v }

func fill() {
	for i := range longList {
		longList[i] = Inner{int8(i), fmt.Sprint("item ", i)}
	}
	for i := range slices.Many {
		slices.Many[i] = byte(i * 7)
	}
	pointers.Ring.Next = &Ring{"second", pointers.Ring}
	*times.Pointer = times.UTC
	funcs.Top, funcs.Named = top, top
	funcs.Express = Weekday.String
	funcs.Plain = func() {}
	closures(3, "captured", []int{4, 5}, &number)

	fillChannels()

	syncs.Few.Store("a", 1)
	syncs.Few.Store("b", Inner{2, "b"})
	syncs.Few.Store(3, nil)
	syncs.Few.Store(Weekday(3), "day")
	syncs.Few.Store("gone", 1)
	syncs.Few.Delete("gone")
	syncs.Pointer = &syncs.Few
	for i := 0; i < 1000; i++ {
		syncMany.Store(i, fmt.Sprint(i))
		if i%3 == 0 {
			syncMany.Delete(i / 2)
		}
		if i == 500 {
			syncMany.Range(func(any, any) bool { return true }) // read and dirty maps: both in use from here on
		}
	}
	atomics.I32.Store(-5)
	atomics.I64.Store(math.MinInt64)
	atomics.U64.Store(math.MaxUint64)
	atomics.Bool.Store(true)
	atomics.Ptr.Store(&Inner{9, "atomic"})
	atomics.Any.Store(Inner{8, "value"})
}

func fillChannels() {
	c := &channels
	some := []int{10, 20, 30}
	for _, each := range some {
		c.Some <- each
	}
	for i := 0; i < 6; i++ { // the ring has wrapped round
		if i >= 3 {
			<-c.Wrapped
		}
		c.Wrapped <- Inner{int8(i), "w"}
	}
	closed := []*Inner{nil, {1, "last"}}
	for _, each := range closed {
		c.Closed <- each
	}
	close(c.Closed)
	c.In <- 1
	c.Signals <- struct{}{}
	buffered[*(*unsafe.Pointer)(unsafe.Pointer(&c.Some))] = some
	buffered[*(*unsafe.Pointer)(unsafe.Pointer(&c.Wrapped))] = []Inner{{3, "w"}, {4, "w"}, {5, "w"}}
	buffered[*(*unsafe.Pointer)(unsafe.Pointer(&c.Closed))] = closed
	buffered[*(*unsafe.Pointer)(unsafe.Pointer(&c.In))] = []int{1}
	buffered[*(*unsafe.Pointer)(unsafe.Pointer(&c.Signals))] = []struct{}{{}}
}
