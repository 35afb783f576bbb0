//go:build goexperiment.arenas

// arenas keeps values in chunks of package arena, pointed to from outside, and objects of the heap that only such values point to; and
// says which. Needs GOEXPERIMENT=arenas.
package main

import (
	"arena"
	"reflect"
	"runtime"
	"strconv"
	"unsafe"

	"corescope.example/dumps/truth"
)

type OnlyLeaf struct {
	Self *OnlyLeaf
	N    int
}
type OnlyBranch struct {
	Leaf *OnlyLeaf
	Text string
	Pad  [5]int
}
type OnlyBoxed struct {
	A, B *OnlyBoxed
}

// Row lives in an arena only.
type Row struct {
	Branch *OnlyBranch
	Any    any
	Next   *Row
	Number int
}

var rows []*Row
var leaves []*OnlyLeaf
var head *Row
var held *arena.Arena

type only struct {
	Type      string   `json:"type"`
	Addresses []string `json:"addresses"`
}

var all = map[string]*only{}

func rec[T any](p *T) *T {
	name := reflect.TypeOf(p).Elem().String()
	if all[name] == nil {
		all[name] = &only{Type: name}
	}
	all[name].Addresses = append(all[name].Addresses, "0x"+strconv.FormatUint(uint64(uintptr(unsafe.Pointer(p))), 16))
	return p
}

//go:noinline
func fill(in *arena.Arena) {
	for i := 0; i < 300; i++ {
		row := arena.New[Row](in)
		row.Number = i
		row.Branch = rec(&OnlyBranch{Text: "branch " + strconv.Itoa(i)})
		row.Branch.Leaf = rec(&OnlyLeaf{N: i})
		if i%2 == 0 {
			row.Any = rec(&OnlyBoxed{})
		}
		row.Next = head
		head = row
		if i%3 == 0 {
			rows = append(rows, row)
		}
	}
	leaves = arena.MakeSlice[*OnlyLeaf](in, 200, 200)
	for i := range leaves {
		leaves[i] = rec(&OnlyLeaf{N: -i})
	}
}

func main() {
	held = arena.NewArena()
	fill(held)
	truth.Settle()
	list := []only{}
	for _, each := range all {
		list = append(list, *each)
	}
	truth.Say("only", list)
	runtime.KeepAlive(held)
	panic("arenas")
}
