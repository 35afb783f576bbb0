// stacks parks goroutines in every way a stack can hold an object of the heap, or hold it no longer, and crashes as told:
//
//	stacks [panic|nil|abort|outside|quit|overflow] [spin] [crowd]
//
// "held": the object is live through the stack of a goroutine alone. "dropped": a stale copy may be on a stack, but the collector would
// not follow it. With spin one goroutine never stops, so it is preempted or interrupted in the middle of its loop; with
// crowd a hundred more wait for every kind of reason.
package main

import (
	"fmt"
	"os"
	"reflect"
	"runtime"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"corescope.example/dumps/truth"
)

type node struct {
	words [6]uint64
	next  *node
}

var block = make(chan int)
var out sync.Mutex
var sink uint64
var ready sync.WaitGroup

// fresh makes an object and says under "held" or "dropped" where it is.
//
//go:noinline
func fresh(kind, name string) *node {
	n := &node{}
	out.Lock()
	truth.Say(kind, map[string]string{name: fmt.Sprintf("%#x", uintptr(unsafe.Pointer(n)))})
	out.Unlock()
	return n
}

//go:noinline
func use(n *node) { sink += n.words[0] }

//go:noinline
func park() {
	ready.Done()
	<-block
}

func local() {
	n := fresh("held", "local")
	park()
	use(n)
}

func dead() {
	n := fresh("dropped", "dead-local")
	use(n)
	park()
}

type box struct {
	before [3]int
	p      *node
}

//go:noinline
func parkWith(b *box) {
	park()
	use(b.p)
}

//go:noinline
func fill(b *box, n *node) { b.p = n }

func stackObject() {
	var b box
	fill(&b, fresh("held", "stack-object"))
	parkWith(&b)
}

func deadObject() {
	var b box
	fill(&b, fresh("dropped", "dead-object"))
	use(b.p)
	park()
}

type chain struct {
	next *chain
	p    *node
}

//go:noinline
func parkWithChain(c *chain) {
	park()
	use(c.next.next.p)
}

func chainOfObjects() {
	var a, b, c chain
	a.next = &b
	b.next = &c
	c.p = fresh("held", "stack-chain")
	parkWithChain(&a)
}

func openDefer() {
	n := fresh("held", "open-defer")
	defer func() { use(n) }()
	park()
}

func loopDefer() {
	for i := 0; i < 3; i++ {
		n := fresh("held", fmt.Sprint("loop-defer-", i))
		defer func() { use(n) }()
	}
	park()
}

type failure struct{ n *node }

func panicValue() {
	defer func() {
		park()
		recover()
	}()
	panic(failure{fresh("held", "panic-value")})
}

//go:noinline
func nilResult(p *node) (r *node) {
	defer func() {
		park()
		recover()
	}()
	r = fresh("held", "sigpanic-result")
	sink += p.words[3]
	r = nil
	return r
}

func sigpanic() { use(nilResult(nil)) }

func sendValue() {
	n := fresh("held", "send")
	ready.Done()
	make(chan *node) <- n
}

func selectValue() {
	n := fresh("held", "select")
	other := make(chan int)
	ready.Done()
	select {
	case make(chan *node) <- n:
	case <-other:
	}
}

//go:noinline
func manyArguments(a, b, c, d, e, f, g, h, i, j, k int, n *node) int {
	park()
	use(n)
	return a + b + c + d + e + f + g + h + i + j + k
}

func arguments() {
	sink += uint64(manyArguments(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, fresh("held", "argument")))
}

type receiver struct{ n int }

//go:noinline
func (r receiver) Take(n *node, a, b, c, d, e, f, g, h, i int, m *node) {
	park()
	use(n)
	use(m)
}

func makeFunc() {
	f := reflect.MakeFunc(reflect.TypeOf(func(*node, float64) {}), func(args []reflect.Value) []reflect.Value {
		park()
		use((*node)(args[0].UnsafePointer()))
		return nil
	}).Interface().(func(*node, float64))
	f(fresh("held", "make-func"), 1)
}

func methodValue() {
	f := reflect.ValueOf(receiver{3}).MethodByName("Take").Interface().(func(*node, int, int, int, int, int, int, int, int, int, *node))
	f(fresh("held", "method-value-register"), 1, 2, 3, 4, 5, 6, 7, 8, 9, fresh("held", "method-value-stack"))
}

//go:noinline
func generic[T any](v T, then func(T)) {
	park()
	then(v)
}

func genericCall() { generic(fresh("held", "generic"), use) }

type parker interface{ Park(n *node) }

type inner struct{ pad int }

//go:noinline
func (in inner) Park(n *node) {
	park()
	use(n)
}

type outer struct{ inner }

func wrapper() {
	var p parker = &outer{}
	p.Park(fresh("held", "wrapper"))
}

func (in *inner) start(n *node) {
	park()
	use(n)
}

//go:noinline
func deep(depth int, n *node) int {
	if depth == 0 {
		park()
		use(n)
		return 0
	}
	var room [8]int
	room[depth%8] = depth
	return deep(depth-1, n) + room[3]
}

func recursion() { sink += uint64(deep(150, fresh("held", "deep"))) }

//go:noinline
func touch(a *[20000]*node, n *node) { a[12345] = n }

//go:noinline
func parkWithArray(a *[20000]*node) {
	park()
	use(a[12345])
}

func bigArray() {
	var a [20000]*node
	touch(&a, fresh("held", "big-array"))
	parkWithArray(&a)
}

func system() {
	n := fresh("held", "syscall")
	var fds [2]int
	if err := syscall.Pipe(fds[:]); err != nil {
		panic(err)
	}
	buffer := make([]byte, 8)
	ready.Done()
	syscall.Read(fds[0], buffer)
	use(n)
}

func ioWait() {
	n := fresh("held", "io-wait")
	r, w, err := os.Pipe()
	if err != nil {
		panic(err)
	}
	buffer := make([]byte, 8)
	ready.Done()
	r.Read(buffer)
	use(n)
	w.Close()
}

func locked() {
	runtime.LockOSThread()
	n := fresh("held", "locked")
	park()
	use(n)
}

func sleeper() {
	n := fresh("held", "sleep")
	ready.Done()
	time.Sleep(time.Hour)
	use(n)
}

func mutex() {
	n := fresh("held", "mutex")
	var m sync.Mutex
	m.Lock()
	ready.Done()
	m.Lock()
	use(n)
}

func cond() {
	n := fresh("held", "cond")
	c := sync.NewCond(&sync.Mutex{})
	c.L.Lock()
	ready.Done()
	c.Wait()
	use(n)
}

func finalizer() {
	type big struct{ words [40]uint64 }
	x := &big{}
	n := fresh("held", "finalizer-goroutine")
	runtime.SetFinalizer(x, func(*big) {
		park()
		use(n)
	})
	x = nil
	ready.Done()
	runtime.GC()
	<-block
}

//go:noinline
func spin(n *node) {
	ready.Done()
	for i := uint64(1); i != 0; i++ {
		n.words[i%4] = i
	}
}

func crash(how string) {
	switch how {
	case "panic":
		panic(fmt.Sprint("told to ", how))
	case "nil":
		var n *node
		n.words[2] = 7
	case "abort":
		syscall.Kill(syscall.Getpid(), syscall.SIGABRT)
		time.Sleep(time.Hour)
	case "outside":
		println("please abort")
		time.Sleep(time.Hour)
	case "quit":
		println("please quit")
		time.Sleep(time.Hour)
	case "overflow":
		overflow(0)
	}
}

//go:noinline
func overflow(n int) int { return overflow(n+1) + 1 }

func asked(word string) bool {
	for _, each := range os.Args[1:] {
		if each == word {
			return true
		}
	}
	return false
}

func main() {
	how := "panic"
	if len(os.Args) > 1 {
		how = os.Args[1]
	}
	cases := []func(){local, dead, stackObject, deadObject, chainOfObjects, openDefer, loopDefer, panicValue, sigpanic, sendValue, selectValue,
		arguments, makeFunc, methodValue, genericCall, wrapper, recursion, bigArray, system, ioWait, locked, sleeper, mutex, cond}
	cases = append(cases, more...)
	ready.Add(len(cases) + 1)
	for _, each := range cases {
		go each()
	}
	in := &inner{}
	go in.start(fresh("held", "started-method"))
	ready.Wait()
	if asked("spin") {
		ready.Add(1)
		go spin(fresh("held", "spin"))
		ready.Wait()
	}
	if asked("crowd") {
		gather()
	}
	// One collection that waits for a goroutine which never calls anything: it is preempted in the middle of its loop.
	ready.Add(2)
	go finalizer()
	ready.Wait()
	time.Sleep(50 * time.Millisecond)
	crash(how)
}
