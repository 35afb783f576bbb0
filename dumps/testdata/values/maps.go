package main

import (
	"fmt"
	"math"
	"strings"
)

type Key struct {
	A int32
	B string
}

// Keys and elements over 128 bytes are kept behind a pointer.
type WideKey struct {
	ID  int
	Pad [130]byte
}
type WideValue struct {
	Text string
	Pad  [20]int
}

var inner = &Inner{1, "key"}
var pipe = make(chan int)

var maps = struct {
	Nil       map[string]int
	Empty     map[string]int
	One       map[string]int
	Bools     map[bool]string
	Int8      map[int8]int8
	Uint64    map[uint64]bool
	Floats    map[float64]string
	Float32   map[float32]int
	Complex   map[complex128]int
	Named     map[Name]Weekday
	Structs   map[Key]Key
	Arrays    map[[2]string][]int
	Pointers  map[*Inner]string
	Chans     map[chan int]int
	Anything  map[any]any
	Stringers map[fmt.Stringer]int
	Set       map[string]struct{}
	Unit      map[struct{}]int
	Nested    map[string]map[int]string
	Funcs     map[string]func(int) int
	Texts     map[string]int
}{
	Empty: map[string]int{}, One: map[string]int{"one": 1}, Bools: map[bool]string{true: "yes", false: "no"}, Int8: map[int8]int8{-128: 1, 127: -1},
	Uint64:  map[uint64]bool{math.MaxUint64: true, 0: false},
	Floats:  map[float64]string{0.1: "tenth", 1e21: "big", 2: "two", math.Inf(-1): "low", 1e6: "million"},
	Float32: map[float32]int{0.1: 1, 16777216: 2}, Complex: map[complex128]int{1 + 2i: 1}, Named: map[Name]Weekday{"mon": 1},
	Structs: map[Key]Key{{1, "a"}: {2, "b"}, {-1, "}\"]"}: {}}, Arrays: map[[2]string][]int{{"a", ""}: {1}, {"]", "["}: nil},
	Pointers: map[*Inner]string{inner: "it", nil: "none"}, Chans: map[chan int]int{pipe: 1},
	Anything:  map[any]any{1: "int", int64(1): "int64", "1": 1, 1.5: 1.5, 2.0: "two", true: nil, nil: false, Key{1, "k"}: Key{2, "v"}},
	Stringers: map[fmt.Stringer]int{Weekday(1): 1, nested.Counter: 2}, Set: map[string]struct{}{"in": {}}, Unit: map[struct{}]int{{}: 1},
	Nested: map[string]map[int]string{"a": {1: "x", 2: "y"}, "b": nil, "c": {}}, Funcs: map[string]func(int) int{"top": top, "nil": nil},
	Texts: map[string]int{"": 0, "a]b": 1, "\"q\"": 2, "\x1b[2J": 3, "日本": 4, "\xff": 5, "a.b(c)": 6},
}

var moreAnything = map[any]int{
	[2]int{1, 2}: 1, inner: 2, pipe: 3, Weekday(2): 4, uint8(3): 5, Name("n"): 6, float32(0.5): 7, complex(1, 2): 8, [1]any{"x"}: 9, struct{ X any }{"y"}: 10,
	math.Inf(1): 11, 'x': 12, (*Inner)(nil): 13,
}

// Alike for more bytes than are shown.
var longKeys = map[string]int{strings.Repeat("k", 1100) + "1": 1, strings.Repeat("k", 1100) + "2": 2, strings.Repeat("k", 1024): 3}
var nans = map[float64]int{}
var wideKeys = map[WideKey]int{}
var wideValues = map[int]WideValue{}
var wideBoth = map[WideKey]WideValue{}

// Sizes round which maps change their form: one block of eight, growth of buckets at six and a half a bucket (2^B buckets),
// of tables at seven eighths of their slots, tables of 1,024 slots that split.
var sizes = []int{
	7, 8, 9, 13, 14, 15, 26, 27, 28, 52, 53, 55, 56, 57, 104, 105, 106, 112, 113, 208, 209, 212, 224, 225, 416, 417, 420, 430, 448, 449, 832, 833, 840, 860,
	895, 896, 897, 898, 1200, 1664, 1665, 1700, 1790, 1792, 1800, 2000, 2600, 3328, 3329, 3400,
}
var growing = make([]map[int]int32, len(sizes))
var growingTexts = make([]map[string]string, len(sizes))
var growingWide = make([]map[WideKey]WideValue, 3)
var hinted = []map[int]int{make(map[int]int, 500), make(map[int]int, 5000)}
var holes = make([]map[uint32]string, 6)
var emptied = map[string]*Inner{}
var cleared = map[string]int{}
var longMap = map[int]string{}

func fillMaps() {
	for i := 0; i < 30; i++ {
		nans[math.NaN()] = i
		wideKeys[WideKey{ID: i}] = i
		wideValues[i] = WideValue{Text: fmt.Sprint(i)}
		wideBoth[WideKey{ID: i, Pad: [130]byte{1: 5, 129: byte(i)}}] = WideValue{Text: fmt.Sprint(i)}
	}
	for at, size := range sizes {
		growing[at] = map[int]int32{}
		growingTexts[at] = map[string]string{}
		for i := 0; i < size; i++ {
			growing[at][i*i] = int32(-i)
			if size < 1000 {
				growingTexts[at][fmt.Sprint("key ", i)] = fmt.Sprint(i)
			}
		}
	}
	for at := range growingWide {
		growingWide[at] = map[WideKey]WideValue{}
		for i := 0; i < 106+at*3; i++ {
			growingWide[at][WideKey{ID: i}] = WideValue{Text: fmt.Sprint(i)}
		}
	}
	for i := 0; i < 300; i++ {
		hinted[0][i] = i
		hinted[1][i] = i
	}
	for at := range holes {
		holes[at] = map[uint32]string{}
		for i := 0; i < 100<<at; i++ {
			holes[at][uint32(i)] = fmt.Sprint(i)
		}
		for i := 0; i < 100<<at; i++ {
			if i%(at+2) != 0 {
				delete(holes[at], uint32(i))
			}
		}
	}
	for i := 0; i < 1000; i++ {
		emptied[fmt.Sprint(i)] = inner
		cleared[fmt.Sprint(i)] = i
	}
	for key := range emptied {
		delete(emptied, key)
	}
	clear(cleared)
	for i := 0; i < 20000; i++ {
		longMap[i] = fmt.Sprint(i)
	}
	fillBuckets()
}

// crowded is a map of buckets that moves to as many buckets, for too many overflow.
var crowded = map[int]int{}
