//go:build go1.26 || (go1.24 && goexperiment.swissmap)

package main

// Tables of slots never move without growing.
func fillBuckets() {
	for i := 0; i < 400; i++ {
		crowded[i] = i
	}
}
