//go:build go1.26 || (go1.24 && goexperiment.swissmap)

package main

import "unsafe"

// The beginnings of internal/runtime/maps.Map and table.
type header struct {
	used      uint64
	seed      uintptr
	directory unsafe.Pointer
	length    int
}
type table struct{ used, capacity uint16 }

// slack is what m's tables take beyond the slots that as many entries make a map grow to at most.
func slack[K comparable, V any](m map[K]V) int {
	h := *(**header)(unsafe.Pointer(&m))
	slots := 8
	if h.length > 0 {
		slots = 0
		different := map[*table]bool{}
		for _, t := range unsafe.Slice((**table)(h.directory), h.length) {
			if !different[t] {
				slots += int(t.capacity)
			}
			different[t] = true
		}
	}
	needed := 8
	if h.used > 896 {
		needed = int(h.used*16+6) / 7
	} else if h.used > 8 {
		for uint64(needed)*7/8 < h.used {
			needed *= 2
		}
	}
	if slots < needed {
		return 0
	}
	return (slots - needed) * slotSize[K, V]()
}

// slotSize is an entry's with its control byte; keys and values over 128 bytes are pointers.
func slotSize[K comparable, V any]() int {
	var k K
	var v V
	isWideKey, isWideValue := unsafe.Sizeof(k) > 128, unsafe.Sizeof(v) > 128
	switch {
	case isWideKey && isWideValue:
		return group[uintptr, uintptr]() / 8
	case isWideKey:
		return group[uintptr, V]() / 8
	case isWideValue:
		return group[K, uintptr]() / 8
	}
	return group[K, V]() / 8
}

func group[K, V any]() int {
	return int(unsafe.Sizeof(struct {
		control uint64
		slots   [8]struct {
			key   K
			value V
		}
	}{}))
}
