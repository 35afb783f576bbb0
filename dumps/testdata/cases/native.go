//go:build cgo

package main

// #include <stdlib.h>
// #include <string.h>
// static void *render(int n) { char *p = malloc(n); memset(p, 7, n); return p; }
import "C"

import "unsafe"

func init() { cases["malloc"] = mallocLeak }

// Pictures that C allocates are never freed.

type picture struct {
	pixels unsafe.Pointer
	size   int
}

var lastPicture *picture

func drawPicture(size int) {
	lastPicture = &picture{C.render(C.int(size)), size} // guilty: malloc
}

func mallocLeak() {
	lruAndBench()
	for i := 0; i < 2000; i++ {
		drawPicture(40 << 10)
	}
	culprit("cgo|C's malloc|malloc")
	figures(bytes(2000*40<<10, 0.1))
	hang()
}
