//go:build go1.24

package main

import "runtime"

func init() { cases["cleanup"] = stalledCleanup }

// One cleanup waits for a reader that is gone: no other of its goroutine runs.

type mapping struct {
	id   int
	data [900]byte
}

var unmapped = make(chan int)

func unmap(id int) {
	unmapped <- id // guilty: cleanup
}

var keptMappings []*mapping

func stalledCleanup() {
	tableAndTokens()
	for i := 0; i < 9000; i++ {
		m := &mapping{id: i}
		runtime.AddCleanup(m, unmap, i)
	}
	runtime.GC()
	parked(1, "chan send", "main.unmap")
	culprit("cleanup", "main.unmap")
	hang()
}
