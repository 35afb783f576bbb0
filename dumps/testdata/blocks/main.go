// blocks has one object of N MiB, pointers in it few and far between, and dies:
//
//	blocks [pointers|structs|array|interfaces|bytes] N
//
// What was never touched is a hole in the core: it is as small as the program's other memory.
package main

import (
	"fmt"
	"os"
	"strconv"
	"unsafe"

	"corescope.example/dumps/truth"
)

type leaf struct {
	n    int
	next *leaf
}

// row is 56 bytes: blocks of no power of two hold a whole number of them.
type row struct {
	id    int
	first *leaf
	gap   [3]int
	any   any
}

const most = 8 << 20

var pointers []*leaf
var structs []row
var array *[most]*leaf
var interfaces []any
var bytes []byte
var first *leaf

//go:noinline
func newLeaf(i int, expressions ...string) *leaf {
	at := &leaf{n: i}
	truth.Known(unsafe.Pointer(at), "main.leaf", expressions...)
	return at
}

// places are ten positions of so many: the last one of each tenth.
func places(count int, put func(i int)) {
	for i := 1; i <= 10; i++ {
		put(count/10*i - 1)
	}
}

func main() {
	kind, n := os.Args[1], 0
	n, _ = strconv.Atoi(os.Args[2])
	leaves := 10
	switch kind {
	case "pointers":
		pointers = make([]*leaf, n<<17)
		places(len(pointers), func(i int) { pointers[i] = newLeaf(i, fmt.Sprintf("main.pointers[%d]", i)) })
	case "structs":
		structs = make([]row, n<<20/int(unsafe.Sizeof(row{})))
		leaves = 20
		places(len(structs), func(i int) {
			structs[i].first = newLeaf(i, fmt.Sprintf("main.structs[%d].first", i))
			structs[i].any = newLeaf(i, fmt.Sprintf("main.structs[%d].any.(*main.leaf)", i), fmt.Sprintf("main.structs[%d].any", i))
		})
	case "array":
		array = new([most]*leaf)
		places(most, func(i int) { array[i] = newLeaf(i, fmt.Sprintf("main.array[%d]", i), fmt.Sprintf("(*main.array)[%d]", i)) })
	case "interfaces":
		interfaces = make([]any, n<<16)
		places(len(interfaces), func(i int) {
			interfaces[i] = newLeaf(i, fmt.Sprintf("main.interfaces[%d].(*main.leaf)", i), fmt.Sprintf("main.interfaces[%d]", i))
		})
	case "bytes":
		bytes = make([]byte, n<<20)
		bytes[len(bytes)-1] = 1
		leaves = 1
		first = newLeaf(0, "main.first")
	}
	truth.Types(map[string]int{"main.leaf": leaves})
	truth.Settle()
	truth.Last()
	panic("blocks")
}
