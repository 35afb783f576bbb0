// layouts refers to every part of the runtime whose records corescope reads, so that the linker keeps their types in DWARF.
// It is never run: scripts/make-layouts.mjs builds it with every release and reads the layouts out of the executable.
package main

import (
	"context"
	"os"
	"reflect"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"runtime/trace"
	"sync"
	"sync/atomic"
	"time"
)

type node struct {
	next *node
	name string
}

var (
	mutex  sync.Mutex
	rw     sync.RWMutex
	group  sync.WaitGroup
	cond   = sync.NewCond(&mutex)
	once   sync.Once
	pool   = sync.Pool{New: func() any { return new(node) }}
	both   sync.Map
	table  = map[string]*node{}
	queue  = make(chan *node, 4)
	last   atomic.Pointer[node]
	reader *os.File
)

func main() {
	n := &node{name: os.Args[0]}
	runtime.SetFinalizer(n, func(n *node) { queue <- n })
	table[n.name] = n
	both.Store(n.name, n)
	last.Store(n)
	once.Do(func() { pool.Put(n) })
	group.Add(1)
	go func() {
		defer group.Done()
		rw.RLock()
		defer rw.RUnlock()
		mutex.Lock()
		cond.Wait()
		mutex.Unlock()
	}()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	select {
	case <-ctx.Done():
	case <-queue:
	case <-time.After(time.Second):
	}
	defer func() { recover() }()
	var pinner runtime.Pinner
	pinner.Pin(n)
	pinner.Unpin()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	debug.SetGCPercent(50)
	pprof.StartCPUProfile(os.Stdout)
	pprof.Lookup("heap").WriteTo(os.Stdout, 0)
	pprof.Lookup("mutex").WriteTo(os.Stdout, 0)
	trace.Start(os.Stdout)
	reader, _, _ = os.Pipe()
	reader.SetReadDeadline(time.Now())
	reflect.New(reflect.MapOf(reflect.TypeOf(n), reflect.TypeOf(n.name)))
	runtime.Stack(nil, true)
	newer(n)
	group.Wait()
	panic(n.name)
}
