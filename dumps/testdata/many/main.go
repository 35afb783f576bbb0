// many KIND COUNT has COUNT of one kind of thing, and is killed: what is quadratic in any of them shows.
//
//	many goroutines|waiters|mutex|chain|selects|defers|pending|nested|deep|timers|specials|mappings|groups COUNT
package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"corescope.example/dumps/truth"
)

type node struct {
	next *node
	n    int
}

var ready sync.WaitGroup
var sink any
var never = make(chan *node)
var kept []any

// abort has the kernel write the core at once: the runtime would first print all the stacks.
func abort() {
	var byDefault [32]byte
	syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, uintptr(syscall.SIGABRT), uintptr(unsafe.Pointer(&byDefault)), 0, 8, 0, 0)
	syscall.Kill(os.Getpid(), syscall.SIGABRT)
	select {}
}

// each runs wait in so many goroutines, until all of them wait.
func each(count int, wait func(i int)) {
	ready.Add(count)
	for i := 0; i < count; i++ {
		go func(i int) {
			ready.Done()
			wait(i)
		}(i)
	}
	ready.Wait()
	for i := 0; i < 50; i++ {
		runtime.Gosched()
	}
	time.Sleep(100 * time.Millisecond)
}

type talker struct{ depth, limit int }

func (t talker) String() string {
	if t.depth == t.limit {
		runtime.GC()
		abort()
	}
	return fmt.Sprint(talker{t.depth + 1, t.limit})
}

//go:noinline
func release(n *node) { sink = n }

// deferring has a record of every deferred call: those of a loop lie in the heap.
//
//go:noinline
func deferring(count int) {
	for i := 0; i < count; i++ {
		n := &node{n: i}
		defer release(n)
	}
	abort()
}

// pending has a deferred call in each of many frames of one goroutine that waits.
//
//go:noinline
func pending(n int, lock *sync.Mutex) {
	for i := 0; i < 1; i++ {
		defer release(&node{n: n})
	}
	if n > 0 {
		pending(n-1, lock)
		return
	}
	ready.Done()
	lock.Lock()
}

//go:noinline
func deep(n int, last *node) int {
	if n == 0 {
		abort()
	}
	return deep(n-1, &node{next: last, n: n}) + last.n
}

// chain has goroutine i hold lock i and want lock i+1; the last one wants nothing and waits for ever.
func chain(count int) {
	locks := make([]sync.Mutex, count+1)
	each(count, func(i int) {
		locks[i].Lock()
		if i == count-1 {
			<-never
		}
		for time.Now(); ; runtime.Gosched() {
			if !locks[i+1].TryLock() {
				break
			}
			locks[i+1].Unlock()
		}
		locks[i+1].Lock()
	})
	sink = locks
}

func mappings(count int) {
	page := syscall.Getpagesize()
	bytes, err := syscall.Mmap(-1, 0, count*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		panic(err)
	}
	// Neighbours of different protection stay apart.
	for i := 0; i < count; i += 2 {
		bytes[i*page] = 1
		if err := syscall.Mprotect(bytes[i*page:(i+1)*page], syscall.PROT_READ); err != nil {
			panic(err)
		}
	}
	kept = append(kept, bytes)
}

func specials(count int) {
	for i := 0; i < count; i++ {
		n := &node{n: i}
		runtime.SetFinalizer(n, func(*node) {})
		kept = append(kept, n)
	}
}

func timers(count int) {
	for i := 0; i < count; i++ {
		n := &node{n: i}
		kept = append(kept, time.AfterFunc(time.Hour+time.Duration(i), func() { release(n) }))
	}
}

func main() {
	count, err := strconv.Atoi(os.Args[2])
	if err != nil {
		panic(err)
	}
	debug.SetMaxStack(2 << 30)
	truth.Say("count", count)
	switch os.Args[1] {
	case "goroutines":
		each(count, func(i int) { mine := make(chan *node); <-mine })
	case "waiters":
		each(count, func(i int) { <-never })
	case "mutex":
		var lock sync.Mutex
		lock.Lock()
		each(count, func(i int) { lock.Lock() })
	case "chain":
		chain(count)
	case "selects":
		stop := make(chan struct{})
		each(count, func(i int) {
			mine := make(chan *node)
			select {
			case <-mine:
			case <-stop:
			case never <- nil:
			}
		})
	case "groups":
		each(count, func(i int) { var group sync.WaitGroup; group.Add(1); group.Wait() })
	case "pending":
		var lock sync.Mutex
		lock.Lock()
		ready.Add(1)
		go pending(count, &lock)
		ready.Wait()
		time.Sleep(100 * time.Millisecond)
		lock.TryLock()
	case "defers":
		deferring(count)
	case "nested":
		_ = talker{0, count}.String()
	case "deep":
		sink = deep(count, &node{})
	case "timers":
		timers(count)
	case "specials":
		specials(count)
	case "mappings":
		mappings(count)
	}
	runtime.GC()
	abort()
}
