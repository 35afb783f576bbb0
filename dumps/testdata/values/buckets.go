//go:build !go1.24 || (!go1.26 && !goexperiment.swissmap)

package main

import "unsafe"

// The beginning of runtime.hmap, and the flag that says: the growth in progress is to the same size.
type header struct {
	count int
	flags uint8
}

const sameSizeGrow = 8

// Keys come and go until overflow buckets are as many as buckets.
func fillBuckets() {
	h := *(**header)(unsafe.Pointer(&crowded))
	for i := 0; h.flags&sameSizeGrow == 0; i++ {
		crowded[i] = i
		if i >= 400 {
			delete(crowded, i-400)
		}
	}
	crowded[-1] = -1
}
