//go:build go1.23

package main

import (
	"iter"
	"unique"
	"unsafe"
)

func init() { exhibits = append(exhibits, uniques, pulled) }

// OnlyUnique values are cloned into the runtime's weak table: the handle's pointer is what keeps one.
type OnlyUnique struct {
	Name string
	N    [5]int
}

var uniqueZoo struct {
	structs []unique.Handle[OnlyUnique]
	strings []unique.Handle[string]
}

func uniques() {
	z := &uniqueZoo
	for i := 0; i < count; i++ {
		h := unique.Make(OnlyUnique{letters(i), [5]int{i}})
		rec((*OnlyUnique)(*(*unsafe.Pointer)(unsafe.Pointer(&h))))
		z.structs = append(z.structs, h)
		z.strings = append(z.strings, unique.Make(letters(i)))
		unique.Make(letters(i + 5000)) // dropped at once
	}
}

type OnlyPull struct {
	Next *OnlyPull
	ID   int
}

var pullZoo struct {
	next func() (int, bool)
	stop func()
}

func pulled() {
	pullZoo.next, pullZoo.stop = iter.Pull(iter.Seq[int](func(yield func(int) bool) {
		var chain *OnlyPull
		for i := 0; i < count; i++ {
			chain = rec(&OnlyPull{chain, i})
		}
		for chain != nil && yield(chain.ID) {
			chain.ID++
		}
	}))
	pullZoo.next()
}
