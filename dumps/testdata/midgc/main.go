// midgc dies in the middle of a garbage collection.
//
//	midgc unswept  one P, a nil dereference as soon as a cycle's mark phase has ended: most spans are unswept
//	midgc mark     a goroutine collects without end and a SIGABRT comes from outside at a random moment
package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"time"
	"unsafe"

	"corescope.example/dumps/truth"
)

type Node struct {
	Left, Right *Node
	Data        []byte
	Labels      map[string]*Label
}
type Label struct{ Text, Value string }

// Filler is what makes the collector start; it stays alive, so that sweeping frees next to nothing.
type Filler struct {
	Next *Filler
	Pad  [6]uintptr
}

var tree *Node
var nodes, labels int

func grow(depth int) *Node {
	nodes++
	n := &Node{Data: make([]byte, 20+depth*8)}
	if depth%5 == 0 {
		labels++
		n.Labels = map[string]*Label{"depth": {"depth", "value"}}
	}
	if depth > 0 {
		n.Left, n.Right = grow(depth-1), grow(depth-1)
	}
	return n
}

var filler *Filler

func main() {
	mode := os.Args[1]
	if mode == "unswept" {
		runtime.GOMAXPROCS(1)
	}
	tree = grow(16)
	truth.Types(map[string]int{"main.Node": nodes, "main.Label": labels})
	truth.Known(unsafe.Pointer(tree.Left.Right), "main.Node", "main.tree.Left.Right")
	truth.Settle()
	truth.Measure()
	switch mode {
	case "unswept":
		debug.SetGCPercent(20)
		before := truth.Cycles()
		for truth.Cycles() == before {
			for i := 0; i < 50; i++ {
				filler = &Filler{Next: filler}
			}
			truth.Measure()
		}
		truth.Print()
		var nowhere *int
		*nowhere = 1
	case "mark":
		go func() {
			for {
				runtime.GC()
			}
		}()
		truth.Print()
		println("please abort")
		time.Sleep(time.Minute)
	}
	os.Exit(3)
}
