// freed gives objects back to the runtime by the call that the compiler makes where it knows that nothing holds them any more, and says
// which: they are free, and their spans count them all the same. Needs GOEXPERIMENT=runtimefreegc and -ldflags=-checklinkname=0.
package main

import (
	"runtime/debug"
	"strconv"
	"unsafe"

	"corescope.example/dumps/truth"
)

//go:linkname freegc runtime.freegc
func freegc(pointer unsafe.Pointer, size uintptr, noscan bool) bool

// Kept and Freed lie in the same spans: 200 bytes get 208.
type Kept [25]uint64
type Freed [200]byte

var kept []*Kept
var freed []string
var dropped []uintptr

// On a stack nothing is freed.
var sink *Freed

//go:noinline
func fill() {
	for i := 0; i < 400; i++ {
		kept = append(kept, new(Kept))
		if i%4 == 0 {
			give := new(Freed)
			sink = give
			dropped = append(dropped, uintptr(unsafe.Pointer(give)))
		}
	}
}

func main() {
	truth.Settle()
	debug.SetGCPercent(-1)
	freed = make([]string, 0, 200)
	kept = make([]*Kept, 0, 400)
	dropped = make([]uintptr, 0, 200)
	fill()
	sink = nil
	for _, each := range dropped {
		freed = append(freed, "0x"+strconv.FormatUint(uint64(each), 16))
	}
	truth.Say("freed", freed)
	truth.Say("kept", len(kept))
	count := 0
	for _, each := range dropped {
		if freegc(unsafe.Pointer(each), unsafe.Sizeof(Freed{}), true) {
			count++
		}
	}
	if count != len(dropped) {
		panic("not all were freed: " + strconv.Itoa(count))
	}
	panic("freed")
}
