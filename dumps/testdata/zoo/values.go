package main

import (
	"bytes"
	"container/list"
	"context"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"
)

// ---- closures ----

type OnlyByValue struct {
	Next *OnlyByValue
	ID   int
}
type OnlyByRef struct {
	Next *OnlyByRef
	ID   int
}
type OnlyMethodValue struct {
	Self *OnlyMethodValue
	ID   int
}
type OnlyGeneric struct {
	Next *OnlyGeneric
	ID   int
}
type OnlyNestedClosure struct {
	Next *OnlyNestedClosure
	ID   int
}

// OnlyUnsorted is captured beside others whose names sort otherwise than their offsets.
type OnlyUnsorted struct {
	Next *OnlyUnsorted
	ID   int
}

func (o *OnlyMethodValue) Call() int { return o.ID }

var closuresZoo struct {
	byValue, byRef, generic, nested, unsorted func() int
	methods                                   []func() int
}

func closures() {
	z := &closuresZoo
	var v *OnlyByValue
	var r *OnlyByRef
	var g *OnlyGeneric
	var n *OnlyNestedClosure
	var u []*OnlyUnsorted
	for i := 0; i < count; i++ {
		v = rec(&OnlyByValue{v, i})
		r = rec(&OnlyByRef{r, i})
		g = rec(&OnlyGeneric{g, i})
		n = rec(&OnlyNestedClosure{n, i})
		u = append(u, rec(&OnlyUnsorted{nil, i}))
		m := rec(&OnlyMethodValue{ID: i})
		m.Self = m
		z.methods = append(z.methods, m.Call)
	}
	z.byValue = byValue(v)
	z.byRef = func() int {
		r = r.Next
		return r.ID
	}
	z.generic = generic(g)
	z.nested = nestedClosure(n)
	z.unsorted = unsorted(u, v, len(u))
}

func unsorted(zs []*OnlyUnsorted, b *OnlyByValue, a int) func() int {
	return func() int { return len(zs) + zs[a-1].ID + a + b.ID }
}

func byValue(v *OnlyByValue) func() int {
	x, y := 3, "why"
	return func() int { return v.ID + x + len(y) }
}

func nestedClosure(n *OnlyNestedClosure) func() int {
	inner := func() int { return n.ID }
	return func() int { return inner() + 1 }
}

//go:noinline
func generic[T any](v T) func() int { return func() int { return int(unsafe.Sizeof(v)) + keep(&v) } }

//go:noinline
func keep[T any](*T) int { return 1 }

// ---- interfaces ----

type OnlyEface struct {
	Self *OnlyEface
	ID   int
}
type OnlyIface struct {
	Self *OnlyIface
	ID   int
}
type OnlyError struct {
	Next *OnlyError
	ID   int
}
type OnlyBoxed struct {
	P  *OnlyBoxed
	ID int
}

func (o *OnlyIface) String() string { return "iface" }
func (o *OnlyError) Error() string  { return "only" }

var interfacesZoo struct {
	efaces  []any
	ifaces  [count]fmt.Stringer
	err     error
	context context.Context
	boxed   any
}

type contextKey struct{}
type OnlyContext struct {
	Next *OnlyContext
	ID   int
}

func interfaces() {
	z := &interfacesZoo
	var chain *OnlyError
	var value *OnlyContext
	for i := 0; i < count; i++ {
		e := rec(&OnlyEface{ID: i})
		e.Self = e
		z.efaces = append(z.efaces, e, i*100000, letters(i), float64(i), []string{letters(i)}, func() int { return i })
		s := rec(&OnlyIface{ID: i})
		s.Self = s
		z.ifaces[i] = s
		chain = rec(&OnlyError{chain, i})
		value = rec(&OnlyContext{value, i})
	}
	z.err = fmt.Errorf("outer: %w", errors.Join(errors.New("first"), fmt.Errorf("inner: %w", chain)))
	ctx := context.WithValue(context.Background(), contextKey{}, value)
	ctx, cancel := context.WithCancel(ctx)
	ctx, cancelTimeout := context.WithTimeout(ctx, time.Hour)
	context.AfterFunc(ctx, func() {})
	z.context = ctx
	runtime.KeepAlive(cancel)
	runtime.KeepAlive(cancelTimeout)
}

// ---- big types ----

type OnlyBigTarget struct {
	Self *OnlyBigTarget
	ID   int
}
type OnlyBigType struct {
	Numbers [100]int
	Items   [200]*OnlyBigTarget
	Name    string
}
type OnlyProgTarget struct {
	Self *OnlyProgTarget
	ID   int
}
type OnlyGCProg struct {
	Items [20000]*OnlyProgTarget
	Rows  [500]struct {
		N int
		P *OnlyProgTarget
		S string
	}
	Tail [100]int
}
type OnlyGlobalTarget struct {
	Self *OnlyGlobalTarget
	ID   int
}
type OnlyHeaderTarget struct {
	Self *OnlyHeaderTarget
	ID   int
}
type row struct {
	N    int
	P    *OnlyHeaderTarget
	S    string
	Flag bool
}

var bigGlobal [30000]struct {
	N int
	P *OnlyGlobalTarget
}

var bigZoo struct {
	medium []*OnlyBigType
	large  []*OnlyGCProg
	rows   []row
	more   []row
	huge   []row
	inline []OnlyBigTypeItem
}

// OnlyBigTypeItem makes arrays whose element has over a kilobyte of pointers.
type OnlyBigTypeItem struct {
	Items [150]*OnlyBigTarget
	N     int
}

func bigTypes() {
	z := &bigZoo
	target := func() *OnlyBigTarget {
		t := rec(&OnlyBigTarget{})
		t.Self = t
		return t
	}
	for i := 0; i < count; i++ {
		b := rec(&OnlyBigType{Name: letters(i)})
		b.Items[i*6] = target()
		b.Items[199] = target()
		z.medium = append(z.medium, b)
	}
	for i := 0; i < 3; i++ {
		g := rec(&OnlyGCProg{})
		for j := 0; j < count; j++ {
			t := rec(&OnlyProgTarget{ID: j})
			t.Self = t
			g.Items[j*600+i] = t
			u := rec(&OnlyProgTarget{ID: j})
			u.Self = u
			g.Rows[j*15+i].P = u
			g.Rows[j*15+i].S = letters(j)
		}
		z.large = append(z.large, g)
	}
	fill := func(rows []row) []row {
		for i := range rows {
			t := rec(&OnlyHeaderTarget{ID: i})
			t.Self = t
			rows[i] = row{i, t, letters(i), true}
		}
		return rows
	}
	z.rows = fill(make([]row, 11))
	z.more = fill(make([]row, 300))
	z.huge = fill(make([]row, 3000))
	z.inline = make([]OnlyBigTypeItem, 7)
	for i := range z.inline {
		z.inline[i].Items[i*20] = target()
		z.inline[i].Items[149] = target()
	}
	for i := 0; i < count; i++ {
		t := rec(&OnlyGlobalTarget{ID: i})
		t.Self = t
		bigGlobal[i*900].P = t
	}
}

// ---- reflection ----

type OnlyReflectStruct struct {
	Self *OnlyReflectStruct
	ID   int
}
type OnlyReflectSlice struct {
	Self *OnlyReflectSlice
	ID   int
}
type OnlyReflectMap struct {
	Self *OnlyReflectMap
	ID   int
}
type OnlyReflectArray struct {
	Self *OnlyReflectArray
	ID   int
}
type OnlyReflectBig struct {
	Self *OnlyReflectBig
	ID   int
}

var reflectZoo struct {
	structs []any
	slice   any
	table   any
	array   any
	big     any
	channel any
	prog    any
}

func reflected() {
	z := &reflectZoo
	structType := reflect.StructOf([]reflect.StructField{
		{Name: "N", Type: reflect.TypeOf(0)},
		{Name: "P", Type: reflect.TypeOf((*OnlyReflectStruct)(nil))},
		{Name: "S", Type: reflect.TypeOf("")},
	})
	sliceType := reflect.SliceOf(reflect.StructOf([]reflect.StructField{
		{Name: "P", Type: reflect.TypeOf((*OnlyReflectSlice)(nil))},
		{Name: "X", Type: reflect.TypeOf([3]int{})},
	}))
	mapType := reflect.MapOf(reflect.TypeOf([5]string{}), reflect.TypeOf((*OnlyReflectMap)(nil)))
	arrayType := reflect.ArrayOf(count+7, reflect.TypeOf((*OnlyReflectArray)(nil)))
	bigType := reflect.ArrayOf(3001, reflect.StructOf([]reflect.StructField{
		{Name: "B", Type: reflect.TypeOf((*OnlyReflectBig)(nil))},
		{Name: "X", Type: reflect.TypeOf([2]int{})},
	}))
	slice := reflect.MakeSlice(sliceType, 0, 0)
	table := reflect.MakeMap(mapType)
	array := reflect.New(arrayType)
	big := reflect.New(bigType)
	for i := 0; i < count; i++ {
		a := rec(&OnlyReflectStruct{ID: i})
		a.Self = a
		s := reflect.New(structType)
		s.Elem().Field(1).Set(reflect.ValueOf(a))
		z.structs = append(z.structs, s.Interface())
		b := rec(&OnlyReflectSlice{ID: i})
		b.Self = b
		item := reflect.New(sliceType.Elem()).Elem()
		item.Field(0).Set(reflect.ValueOf(b))
		slice = reflect.Append(slice, item)
		c := rec(&OnlyReflectMap{ID: i})
		c.Self = c
		table.SetMapIndex(reflect.ValueOf([5]string{letters(i)}), reflect.ValueOf(c))
		d := rec(&OnlyReflectArray{ID: i})
		d.Self = d
		array.Elem().Index(i + 5).Set(reflect.ValueOf(d))
		e := rec(&OnlyReflectBig{ID: i})
		e.Self = e
		big.Elem().Index(i * 100).Field(0).Set(reflect.ValueOf(e))
	}
	z.slice, z.table, z.array, z.big = slice.Interface(), table.Interface(), array.Interface(), big.Interface()
	z.channel = reflect.MakeChan(reflect.ChanOf(reflect.BothDir, structType), 3).Interface()
	z.prog = reflect.New(reflect.ArrayOf(2, bigType)).Interface()
}

// ---- timers ----

type OnlyAfterFunc struct {
	Next *OnlyAfterFunc
	ID   int
}
type OnlyTimer struct {
	Self *OnlyTimer
	ID   int
}
type OnlyTick struct {
	Next *OnlyTick
	ID   int
}

var timersZoo struct {
	timers  []*time.Timer
	tickers []*time.Ticker
}

func timers() {
	z := &timersZoo
	var chain *OnlyAfterFunc
	for i := 0; i < count; i++ {
		chain = rec(&OnlyAfterFunc{chain, i})
	}
	time.AfterFunc(time.Hour, func() { chain.ID++ })
	for i := 0; i < count; i++ {
		t := rec(&OnlyTimer{ID: i})
		t.Self = t
		time.AfterFunc(time.Hour+time.Duration(i), func() { t.ID++ })
		z.timers = append(z.timers, time.NewTimer(time.Hour))
		z.tickers = append(z.tickers, time.NewTicker(time.Hour))
	}
	exhibit(func() {
		var chain *OnlyTick
		for i := 0; i < count; i++ {
			chain = rec(&OnlyTick{chain, i})
		}
		ticker := time.NewTicker(time.Hour)
		started.Done()
		<-ticker.C
		runtime.KeepAlive(chain)
	})
}

// ---- finalizers ----

type OnlyFinalizer struct {
	Next *OnlyFinalizer
	ID   int
}
type OnlyFinalizerQueued struct {
	Held *OnlyFinalizerHeld
	ID   int
}
type OnlyFinalizerHeld struct {
	ID [4]int
}
type OnlyPinned struct {
	Self *OnlyPinned
	ID   int
}

var finalizersZoo struct {
	owner  *finalizerOwner
	pinner runtime.Pinner
	tiny   []*byte
}

type finalizerOwner struct {
	name string
	n    [4]int
}

func finalizers() {
	z := &finalizersZoo
	z.owner = &finalizerOwner{name: "owner"}
	var chain *OnlyFinalizer
	for i := 0; i < count; i++ {
		chain = rec(&OnlyFinalizer{chain, i})
	}
	runtime.SetFinalizer(z.owner, func(*finalizerOwner) { chain.ID++ })
	for i := 0; i < count; i++ {
		queueFinalizer(i)
		p := rec(&OnlyPinned{ID: i})
		p.Self = p
		z.pinner.Pin(p)
		b := new(byte)
		runtime.SetFinalizer(b, func(*byte) {})
		z.tiny = append(z.tiny, b)
	}
}

// The first of them to run waits for ever, so the rest stays in the queue.
//
//go:noinline
func queueFinalizer(i int) {
	q := rec(&OnlyFinalizerQueued{rec(&OnlyFinalizerHeld{}), i})
	runtime.SetFinalizer(q, func(q *OnlyFinalizerQueued) {
		<-never
		q.ID++
	})
}

// ---- containers ----

type OnlySlice struct{ ID, A, B int }
type OnlyAtomic struct {
	Next *OnlyAtomic
	ID   int
}
type OnlyAtomicValue struct {
	Next *OnlyAtomicValue
	ID   int
}
type OnlySyncMap struct {
	Self *OnlySyncMap
	ID   int
}
type OnlySyncMapKey struct {
	Self *OnlySyncMapKey
	ID   int
}
type OnlyPool struct {
	Self *OnlyPool
	ID   int
}
type OnlyList struct {
	Self *OnlyList
	ID   int
}
type OnlyUnsafe struct {
	Next *OnlyUnsafe
	ID   int
}
type OnlyInterior struct {
	Self  *OnlyInterior
	Pad   [5]int
	Field int
}
type OnlyBigSlice struct {
	Self *OnlyBigSlice
	ID   int
}
type OnlySliceTail struct {
	Self *OnlySliceTail
	ID   int
}

var containersZoo struct {
	list     []*OnlySlice
	pointer  atomic.Pointer[OnlyAtomic]
	value    atomic.Value
	values   sync.Map
	pool     sync.Pool
	linked   *list.List
	raw      unsafe.Pointer
	interior []*int
	big      []*OnlyBigSlice
	tail     []*OnlySliceTail
	buffer   bytes.Buffer
	builder  strings.Builder
	text     []string
	empty    []int
	zero     *struct{}
}

func containers() {
	z := &containersZoo
	z.linked = list.New()
	z.big = make([]*OnlyBigSlice, 300000)
	var a *OnlyAtomic
	var v *OnlyAtomicValue
	var u *OnlyUnsafe
	tail := make([]*OnlySliceTail, 2*count)
	for i := 0; i < count; i++ {
		z.list = append(z.list, rec(&OnlySlice{i, i, i}))
		a = rec(&OnlyAtomic{a, i})
		v = rec(&OnlyAtomicValue{v, i})
		u = rec(&OnlyUnsafe{u, i})
		s := rec(&OnlySyncMap{ID: i})
		s.Self = s
		z.values.Store(letters(i), s)
		k := rec(&OnlySyncMapKey{ID: i})
		k.Self = k
		z.values.Store(k, i)
		l := rec(&OnlyList{ID: i})
		l.Self = l
		z.linked.PushBack(l)
		in := rec(&OnlyInterior{Field: i})
		in.Self = in
		z.interior = append(z.interior, &in.Field)
		b := rec(&OnlyBigSlice{ID: i})
		b.Self = b
		z.big[i*9999] = b
		t := rec(&OnlySliceTail{ID: i})
		t.Self = t
		tail[count+i] = t
		z.values.Load(letters(i))
	}
	z.values.Range(func(any, any) bool { return true })
	z.values.Delete("no such key")
	z.pointer.Store(a)
	z.value.Store(v)
	z.raw = unsafe.Pointer(u)
	z.tail = tail[count+1-1:]
	z.buffer.WriteString(strings.Repeat("buffer ", 2000))
	z.builder.WriteString(strings.Repeat("builder ", 1000))
	for i := 0; i < 200; i++ {
		z.text = append(z.text, strings.Repeat("text", i), letters(i)[1:4])
	}
	z.empty = make([]int, 0, 77)
	z.zero = new(struct{})
	afterCollection = append(afterCollection, func() {
		// Put now: a pool is emptied by collections.
		for i := 0; i < count; i++ {
			p := &OnlyPool{ID: i}
			p.Self = p
			z.pool.Put(p)
		}
	})
}

// ---- small things ----

type OnlyStatic struct {
	Self *OnlyStatic
	ID   int
}
type static struct {
	Name string
	Held *OnlyStatic
	Sub  []*static
}

var staticTable = []*static{{Name: "a", Sub: []*static{{Name: "b"}, {Name: "c", Sub: []*static{{Name: "d"}}}}}, {Name: "e"}}
var staticMap = map[string][]*static{"x": {{Name: "y"}}, "z": {{Name: "w"}}}

var smallZoo struct {
	tiny    []*uint16
	bools   []*bool
	strings []string
	floats  []*float64
	arrays  []*[3]byte
	nested  [][][]int
	matrix  []*[8][8]float64
}

func small() {
	z := &smallZoo
	last := staticTable[0].Sub[1].Sub[0]
	for i := 0; i < count; i++ {
		s := rec(&OnlyStatic{last.Held, i})
		last.Held = s
		f, b, u := float64(i), i%2 == 0, uint16(i)
		z.floats = append(z.floats, &f)
		z.bools = append(z.bools, &b)
		z.tiny = append(z.tiny, &u)
		z.strings = append(z.strings, strconv.Itoa(i*1000))
		z.arrays = append(z.arrays, &[3]byte{byte(i)})
		z.nested = append(z.nested, [][]int{{i}, {i, i}, nil, {}})
		z.matrix = append(z.matrix, &[8][8]float64{})
	}
}
