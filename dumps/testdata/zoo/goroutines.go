package main

import (
	"os"
	"reflect"
	"runtime"
	"sync"
	"time"
)

type OnlyChan struct {
	Self *OnlyChan
	ID   int
}
type OnlySender struct {
	Self *OnlySender
	ID   int
}
type OnlyReceiver struct {
	Self *OnlyReceiver
	ID   int
}
type OnlySelect struct {
	Self *OnlySelect
	ID   int
}
type OnlyChanStruct struct {
	Self *OnlyChanStruct
	ID   int
}
type OnlyField struct{ A, B int }
type OnlyMutex struct {
	Next *OnlyMutex
	ID   int
}
type OnlyCond struct {
	Next *OnlyCond
	ID   int
}
type OnlySleep struct {
	Next *OnlySleep
	ID   int
}
type OnlyPipe struct {
	Self *OnlyPipe
	ID   int
}
type message struct {
	ID   int
	Body *OnlyChanStruct
}

var chansZoo = struct {
	buffered chan *OnlyChan
	full     chan *OnlySender
	structs  chan message
	numbers  chan int64
	signal   chan struct{}
	selected chan *OnlySelect
	other    chan *OnlySelect
	closed   chan int
	closure  *OnlyField
	mutex    sync.Mutex
	lock     sync.Mutex
	cond     *sync.Cond
	group    sync.WaitGroup
}{
	buffered: make(chan *OnlyChan, 2*count), full: make(chan *OnlySender), structs: make(chan message, 100), numbers: make(chan int64, 1000),
	signal: make(chan struct{}, 4), selected: make(chan *OnlySelect), other: make(chan *OnlySelect), closed: make(chan int, 3),
}

func channels() {
	z := &chansZoo
	z.closure = rec(&OnlyField{1, 2})
	z.cond = sync.NewCond(&z.lock)
	z.mutex.Lock()
	z.group.Add(1)
	for i := 0; i < count; i++ {
		c := rec(&OnlyChan{ID: i})
		c.Self = c
		z.buffered <- c
		if i%2 == 0 && i > 4 { // the ring wraps round
			z.buffered <- <-z.buffered
		}
		m := rec(&OnlyChanStruct{ID: i})
		m.Self = m
		z.structs <- message{i, m}
		z.numbers <- int64(i)
		i := i
		exhibit(func() { sender(i) })
		exhibit(func() { selector(i) })
		exhibit(func() { receiver(rec(&OnlyReceiver{})) })
	}
	for i := 0; i < 3; i++ {
		exhibit(mutexWaiter)
		exhibit(condWaiter)
		exhibit(sleeper)
	}
	pipeReader()
	z.closed <- 1
	close(z.closed)
	z.signal <- struct{}{}
}

//go:noinline
func sender(i int) {
	s := rec(&OnlySender{ID: i})
	s.Self = s
	started.Done()
	chansZoo.full <- s
}

//go:noinline
func receiver(r *OnlyReceiver) {
	r.Self = r
	block()
	runtime.KeepAlive(r)
}

//go:noinline
func selector(i int) {
	s := rec(&OnlySelect{ID: i})
	s.Self = s
	started.Done()
	select {
	case chansZoo.selected <- s:
	case <-chansZoo.other:
	case <-never:
	}
}

//go:noinline
func mutexWaiter() {
	var m *OnlyMutex
	for i := 0; i < count; i++ {
		m = rec(&OnlyMutex{m, i})
	}
	started.Done()
	chansZoo.mutex.Lock()
	runtime.KeepAlive(m)
}

//go:noinline
func condWaiter() {
	var c *OnlyCond
	for i := 0; i < count; i++ {
		c = rec(&OnlyCond{c, i})
	}
	started.Done()
	chansZoo.lock.Lock()
	chansZoo.cond.Wait()
	runtime.KeepAlive(c)
}

//go:noinline
func sleeper() {
	var s *OnlySleep
	for i := 0; i < count; i++ {
		s = rec(&OnlySleep{s, i})
	}
	started.Done()
	time.Sleep(time.Hour)
	runtime.KeepAlive(s)
}

var pipeEnds [2]*os.File

func pipeReader() {
	pipeEnds[0], pipeEnds[1], _ = os.Pipe()
	exhibit(func() {
		var chain *OnlyPipe
		for i := 0; i < count; i++ {
			chain = rec(&OnlyPipe{chain, i})
		}
		started.Done()
		var b [8]byte
		pipeEnds[0].Read(b[:])
		runtime.KeepAlive(chain)
	})
}

type OnlyDefer struct {
	Next *OnlyDefer
	ID   int
}
type OnlyLoopDefer struct {
	Self *OnlyLoopDefer
	ID   int
}
type OnlyPanic struct {
	Next *OnlyPanic
	ID   int
}
type OnlyStackObject struct {
	Self *OnlyStackObject
	ID   int
}
type OnlyBigStack struct {
	Self *OnlyBigStack
	ID   int
}
type OnlyDeep struct {
	Self *OnlyDeep
	ID   int
}
type OnlyCtxt struct {
	Next *OnlyCtxt
	ID   int
}
type OnlyLocked struct {
	Next *OnlyLocked
	ID   int
}
type OnlyMakeFunc struct {
	Next *OnlyMakeFunc
	ID   int
}
type OnlyReflectMethod struct {
	Next *OnlyReflectMethod
	ID   int
}
type OnlyArgument struct {
	Next *OnlyArgument
	ID   int
}
type OnlyIfaceLocal struct {
	Next *OnlyIfaceLocal
	ID   int
}
type OnlySpin struct {
	Next *OnlySpin
	ID   int
}

func stacks() {
	exhibit(deferred)
	exhibit(loopDeferred)
	exhibit(panicking)
	exhibit(stackObject)
	exhibit(bigStack)
	exhibit(func() { deep(2000, nil) })
	exhibit(locked)
	exhibit(makeFunc)
	exhibit(reflectMethod)
	exhibit(func() {
		manyArguments(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, "s", newArgument(), "t", [2]*OnlyArgument{newArgument(), newArgument()})
	})
	exhibit(ifaceLocal)
	afterCollection = append(afterCollection, func() {
		// Some of these have not run when the program dies: only sched.ctxt knows their closure.
		for i := 0; i < fresh; i++ {
			var chain *OnlyCtxt
			for j := 0; j < count; j++ {
				chain = &OnlyCtxt{chain, j}
			}
			go func() {
				for chain.ID != -1 { // blocking on a channel would allocate
					runtime.Gosched()
				}
			}()
		}
	})
}

// fresh goroutines are started just before the end.
const fresh = 4

//go:noinline
func newArgument() (chain *OnlyArgument) {
	for i := 0; i < count; i++ {
		chain = rec(&OnlyArgument{chain, i})
	}
	return chain
}

// More parameters than registers: the rest is passed on the stack.
//
//go:noinline
func manyArguments(a, b, c, d, e, f, g, h, i, j, k, l int, s string, p *OnlyArgument, t string, array [2]*OnlyArgument) int {
	block()
	runtime.KeepAlive(p)
	runtime.KeepAlive(array[0])
	runtime.KeepAlive(array[1])
	return a + b + c + d + e + f + g + h + i + j + k + l + len(s) + len(t)
}

//go:noinline
func deferred() {
	var chain *OnlyDefer
	for i := 0; i < count; i++ {
		chain = rec(&OnlyDefer{chain, i})
	}
	defer func() { chain.ID++ }()
	chainless()
}

//go:noinline
func chainless() { block() }

//go:noinline
func loopDeferred() {
	for i := 0; i < count; i++ {
		d := rec(&OnlyLoopDefer{ID: i})
		d.Self = d
		defer func() { d.ID++ }()
	}
	block()
}

//go:noinline
func newPanic() (chain *OnlyPanic) {
	for i := 0; i < count; i++ {
		chain = rec(&OnlyPanic{chain, i})
	}
	return chain
}

// A goroutine that waits inside a deferred call of a panic in progress: only the panic holds its value.
//
//go:noinline
func panicking() {
	defer func() {
		block()
		recover()
	}()
	panic(newPanic())
}

//go:noinline
func stackObject() {
	var box [count]*OnlyStackObject
	fillBox(&box)
	block()
	useBox(&box)
}

//go:noinline
func fillBox(box *[count]*OnlyStackObject) {
	for i := range box {
		box[i] = rec(&OnlyStackObject{ID: i})
		box[i].Self = box[i]
	}
}

//go:noinline
func useBox(box *[count]*OnlyStackObject) { box[0].ID++ }

type bigFrame struct {
	pad   [100]int
	items [15000]*OnlyBigStack
}

//go:noinline
func bigStack() {
	var frame bigFrame
	fillFrame(&frame)
	block()
	fillFrame(&frame)
}

//go:noinline
func fillFrame(frame *bigFrame) {
	if frame.items[77] != nil {
		return
	}
	for i := 0; i < count; i++ {
		b := rec(&OnlyBigStack{ID: i})
		b.Self = b
		frame.items[77+i*400] = b
	}
}

//go:noinline
func deep(n int, above *[2]*OnlyDeep) int {
	var box [2]*OnlyDeep
	box[n%2] = rec(&OnlyDeep{ID: n})
	box[n%2].Self = box[n%2]
	if n == 1 {
		block()
	} else {
		n += deep(n-1, &box)
	}
	if above != nil && above[0] != nil {
		n += above[0].ID
	}
	return n + box[n%2].ID
}

//go:noinline
func locked() {
	runtime.LockOSThread()
	var chain *OnlyLocked
	for i := 0; i < count; i++ {
		chain = rec(&OnlyLocked{chain, i})
	}
	block()
	runtime.KeepAlive(chain)
}

//go:noinline
func newMakeFunc() (chain *OnlyMakeFunc) {
	for i := 0; i < count; i++ {
		chain = rec(&OnlyMakeFunc{chain, i})
	}
	return chain
}

//go:noinline
func makeFunc() {
	var f func(int, *OnlyMakeFunc, string) int
	made := reflect.MakeFunc(reflect.TypeOf(f), func(in []reflect.Value) []reflect.Value {
		block()
		return []reflect.Value{in[0]}
	})
	f = made.Interface().(func(int, *OnlyMakeFunc, string) int)
	f(1, newMakeFunc(), "x")
}

// Wait is called through reflection: its frame is described by the method's signature alone.
func (o *OnlyReflectMethod) Wait(n int, also *OnlyReflectMethod) int {
	block()
	return o.ID + n + also.ID
}

//go:noinline
func newReflectMethod() (chain *OnlyReflectMethod) {
	for i := 0; i < count; i++ {
		chain = rec(&OnlyReflectMethod{chain, i})
	}
	return chain
}

//go:noinline
func reflectMethod() {
	f := reflect.ValueOf(newReflectMethod()).MethodByName("Wait").Interface().(func(int, *OnlyReflectMethod) int)
	f(3, newReflectMethod())
}

//go:noinline
func ifaceLocal() {
	var chain *OnlyIfaceLocal
	for i := 0; i < count; i++ {
		chain = rec(&OnlyIfaceLocal{chain, i})
	}
	var held any = chain
	hold(&held)
	chain = nil
	block()
	hold(&held)
}

//go:noinline
func hold(*any) {}

// More loops than there are Ps: some run when the program dies, the others were stopped in their loop.
func spinners() {
	for i := 0; i < 3; i++ {
		// Made here, so that the loop's own stack, which is scanned conservatively, holds nothing old.
		chain := newSpin()
		exhibit(func() { spin(chain) })
	}
}

//go:noinline
func newSpin() (chain *OnlySpin) {
	for i := 0; i < count; i++ {
		chain = rec(&OnlySpin{chain, i})
	}
	return chain
}

//go:noinline
func spin(chain *OnlySpin) {
	started.Done()
	for chain.ID != -1 {
		chain.ID++
		if chain.ID == 1<<40 {
			chain.ID = 0
		}
	}
}
