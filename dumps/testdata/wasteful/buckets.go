//go:build !go1.24 || (!go1.26 && !goexperiment.swissmap)

package main

import "unsafe"

// The beginning of runtime.hmap.
type header struct {
	count int
	flags uint8
	b     uint8
}

// slack is what m's buckets take beyond those that as many entries make a map grow to.
func slack[K comparable, V any](m map[K]V) int {
	h := *(**header)(unsafe.Pointer(&m))
	buckets, needed := 1<<h.b, 1
	for h.count > 8 && h.count > 13*needed/2 {
		needed *= 2
	}
	// Eight hashes, keys and values, and a pointer to more.
	bucket := 8 + 8*(inline[K]()+inline[V]()) + 8
	return (buckets - needed) * bucket
}

// inline is what a key or value takes in a bucket: a pointer when it is over 128 bytes.
func inline[T any]() int {
	var t T
	if unsafe.Sizeof(t) > 128 {
		return 8
	}
	return int(unsafe.Sizeof(t))
}
