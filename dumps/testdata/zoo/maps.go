package main

import (
	"math"
	"unsafe"

	"corescope.example/dumps/truth"
)

type OnlyMapKey struct {
	Next *OnlyMapKey
	ID   int
}
type OnlySmallMap struct{ ID [3]int }
type OnlyBigMap struct {
	Self *OnlyBigMap
	ID   int
}
type OnlyGrowing struct {
	Self *OnlyGrowing
	ID   int
}
type OnlyDeleted struct {
	Self *OnlyDeleted
	ID   int
}
type OnlyIndirectKey struct {
	Self *OnlyIndirectKey
	ID   int
}
type OnlyIndirectElem struct {
	Self *OnlyIndirectElem
	ID   int
}
type OnlyNaN struct {
	Self *OnlyNaN
	ID   int
}
type OnlyIfaceKey struct {
	Self *OnlyIfaceKey
	ID   int
}
type OnlyMapOfMap struct {
	Self *OnlyMapOfMap
	ID   int
}

// Keys and elements over 128 bytes are kept behind a pointer.
type wideKey struct {
	P   *OnlyIndirectKey
	Pad [160]byte
}
type wideElem struct {
	P   *OnlyIndirectElem
	Pad [160]byte
}
type point struct{ X, Y int32 }

var mapsZoo = struct {
	keys      map[*OnlyMapKey]struct{}
	tiny      map[string]*OnlySmallMap
	big       map[string]*OnlyBigMap
	growing   map[int]*OnlyGrowing
	deleted   map[uint32]*OnlyDeleted
	wideKeys  map[wideKey]bool
	wideElems map[string]wideElem
	nan       map[float64]*OnlyNaN
	ifaces    map[any]int
	nested    map[point]map[string]*OnlyMapOfMap
	set       map[string]struct{}
	empty     map[int]int
	hinted    map[int]*int
	none      map[int]int
	arrays    map[[3]int][2]string
}{
	keys: map[*OnlyMapKey]struct{}{}, tiny: map[string]*OnlySmallMap{}, big: map[string]*OnlyBigMap{}, growing: map[int]*OnlyGrowing{},
	deleted: map[uint32]*OnlyDeleted{}, wideKeys: map[wideKey]bool{}, wideElems: map[string]wideElem{}, nan: map[float64]*OnlyNaN{},
	ifaces: map[any]int{}, nested: map[point]map[string]*OnlyMapOfMap{}, set: map[string]struct{}{}, empty: map[int]int{},
	arrays: map[[3]int][2]string{},
}

// For growing maps of every small size: the last one of them that fits is six and a half entries a bucket.
const growthStarts = 6656

func maps() {
	m := &mapsZoo
	m.hinted = make(map[int]*int, 500)
	for i := 0; i < count; i++ {
		m.keys[rec(&OnlyMapKey{ID: i})] = struct{}{}
		k := rec(&OnlyIndirectKey{ID: i})
		k.Self = k
		m.wideKeys[wideKey{P: k}] = i%2 == 0
		e := rec(&OnlyIndirectElem{ID: i})
		e.Self = e
		m.wideElems[letters(i)] = wideElem{P: e}
		f := rec(&OnlyNaN{ID: i})
		f.Self = f
		m.nan[math.NaN()] = f
		o := rec(&OnlyIfaceKey{ID: i})
		o.Self = o
		m.ifaces[o] = i
		m.ifaces[letters(i)] = i
		m.ifaces[i*1000] = i
		n := rec(&OnlyMapOfMap{ID: i})
		n.Self = n
		p := point{int32(i), int32(-i)}
		m.nested[p] = map[string]*OnlyMapOfMap{"it": n}
		m.set[letters(i)] = struct{}{}
		m.arrays[[3]int{i, i, i}] = [2]string{letters(i), letters(i + 1)}
	}
	for i := 0; i < 6; i++ {
		m.tiny[letters(i)] = rec(&OnlySmallMap{[3]int{i, i, i}})
	}
	for i := 0; i < 5000; i++ {
		b := rec(&OnlyBigMap{ID: i})
		b.Self = b
		m.big[letters(i)] = b
	}
	for i := 0; i <= growthStarts; i++ {
		g := rec(&OnlyGrowing{ID: i})
		g.Self = g
		m.growing[i] = g
	}
	for i := 0; i < 3000; i++ {
		d := &OnlyDeleted{ID: i}
		d.Self = d
		if i%100 == 7 {
			rec(d)
		}
		m.deleted[uint32(i)] = d
	}
	for i := 0; i < 3000; i++ {
		if i%100 != 7 {
			delete(m.deleted, uint32(i))
		}
	}
}

func letters(i int) string {
	return "key-" + string(rune('a'+i%26)) + string(rune('a'+i/26%26)) + string(rune('a'+i/676%26))
}

func tellKnown() {
	m := &mapsZoo
	known := func(p unsafe.Pointer, typ string, expressions ...string) { truth.Known(p, typ, expressions...) }
	known(unsafe.Pointer(m.tiny["key-caa"]), "main.OnlySmallMap", `main.mapsZoo.tiny["key-caa"]`)
	known(unsafe.Pointer(m.big["key-dba"]), "main.OnlyBigMap", `main.mapsZoo.big["key-dba"]`)
	known(unsafe.Pointer(m.growing[6000]), "main.OnlyGrowing", `main.mapsZoo.growing[6000]`)
	known(unsafe.Pointer(m.growing[17]), "main.OnlyGrowing", `main.mapsZoo.growing[17]`)
	known(unsafe.Pointer(m.deleted[107]), "main.OnlyDeleted", `main.mapsZoo.deleted[107]`)
	known(unsafe.Pointer(m.wideElems["key-baa"].P), "main.OnlyIndirectElem", `main.mapsZoo.wideElems["key-baa"].P`)
	known(unsafe.Pointer(chansZoo.closure), "main.OnlyField", "main.chansZoo.closure")
	known(unsafe.Pointer(containersZoo.list[11]), "main.OnlySlice", "main.containersZoo.list[11]")
	known(unsafe.Pointer(containersZoo.pointer.Load()), "main.OnlyAtomic", "main.containersZoo.pointer", "main.containersZoo.pointer.v", "main.containersZoo.pointer.Load()")
}
