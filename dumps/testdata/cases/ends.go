package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"unsafe"
)

func init() {
	cases["recursion"] = recursion
	cases["map-writes"] = mapWrites
	cases["closed-channel"] = closedChannel
	cases["nil-map"] = nilMap
	cases["nil-pointer"] = nilPointer
	cases["thrown-again"] = thrownAgain
	cases["makeslice"] = makeSlice
	cases["out-of-memory"] = outOfMemory
}

// Two functions call one another for ever, since the tree has a cycle.

type folder struct {
	name     string
	children []*folder
	parent   *folder
}

var (
	deepest  uintptr
	perLevel uintptr
)

//go:noinline
func sizeOf(f *folder, level int) int {
	var here byte
	at := uintptr(unsafe.Pointer(&here))
	if level == 2 {
		perLevel = deepest - at
	}
	deepest = at
	if level < 0 {
		return 0
	}
	return sumOf(f, level) + len(f.name) // guilty: recursion
}

//go:noinline
func sumOf(f *folder, level int) int {
	sum := 0
	for _, each := range f.children {
		sum += sizeOf(each, level+1) // guilty: recursion
	}
	return sum
}

func recursion() {
	cacheAndServer()
	debug.SetMaxStack(6 << 20)
	// How large a level is: a tree of two levels.
	sizeOf(&folder{children: []*folder{{children: []*folder{{}}}}}, 0)
	a, b := &folder{name: "a"}, &folder{name: "b"}
	a.children, b.children = []*folder{b}, []*folder{a}
	culprit("main.sizeOf", "main.sumOf")
	// A stack of 4 MiB would have to become one of 8.
	levels := int(4<<20) / int(perLevel)
	figures(figure{"count", float64(levels), 0.02}, figure{"count", float64(2 * levels), 0.02})
	sizeOf(a, 0)
}

// Handlers write one map without a lock.

type registry struct {
	name     string
	sessions map[int]string
}

var live = &registry{"live", map[int]string{}}

func (r *registry) enter(i int) {
	r.sessions[i%1000] = "here" // guilty: map-writes
}

func mapWrites() {
	lruAndBench()
	culprit("concurrent map", "main.live.sessions|main.registry.sessions|main.(*registry).enter")
	collect()
	runtime.GOMAXPROCS(4)
	for worker := 0; worker < 4; worker++ {
		go func() {
			for i := 0; ; i++ {
				live.enter(i)
			}
		}()
	}
	select {}
}

// A feed is closed while somebody still publishes.

type feed struct {
	name    string
	updates chan string
}

var news = &feed{"news", make(chan string, 10)}

func (f *feed) publish(text string) {
	f.updates <- text // guilty: closed-channel
}

func closedChannel() {
	tableAndTokens()
	culprit("send on closed channel", "main.news.updates|main.feed.updates|main.(*feed).publish")
	close(news.updates)
	var wait sync.WaitGroup
	wait.Add(1)
	go func() {
		defer wait.Done()
		news.publish(strings.Repeat("x", 10))
	}()
	wait.Wait()
}

// A handler writes the map of a profile that was never filled.

type profile struct {
	user  string
	flags map[string]bool
}

func (p *profile) set(flag string) {
	p.flags[flag] = true // guilty: nil-map
}

func handleFlags(p *profile, flags []string) {
	for _, each := range flags {
		p.set(each)
	}
}

func nilMap() {
	cacheAndServer()
	culprit("assignment to entry in nil map", "main.(*profile).set")
	done := make(chan struct{})
	go func() { handleFlags(&profile{user: "ann"}, []string{"beta"}); close(done) }()
	<-done
}

// The customer of an invoice is not found, and nobody looks.

type invoice struct {
	customer *client
	total    int
}

type client struct {
	name    string
	address *string
}

func (i *invoice) label() string {
	return i.customer.name + " " + *i.customer.address // guilty: nil-pointer
}

func printInvoices(all []*invoice) {
	for _, each := range all {
		fmt.Println(each.label())
	}
}

func nilPointer() {
	lruAndBench()
	culprit("nil pointer", "main.(*invoice).label")
	done := make(chan struct{})
	go func() { printInvoices([]*invoice{{total: 3}}); close(done) }()
	<-done
}

// A middleware recovers, and panics again with words of its own.

var errHandler = errors.New("handler failed")

func guarded(handler func()) {
	defer func() {
		if r := recover(); r != nil {
			panic(fmt.Errorf("%w: %v", errHandler, r))
		}
	}()
	handler()
}

func priceAt(prices []int, at int) int {
	return prices[at] // guilty: thrown-again
}

func thrownAgain() {
	tableAndTokens()
	culprit("index out of range [12] with length 5", "main.priceAt")
	done := make(chan struct{})
	go func() {
		guarded(func() { priceAt(make([]int, 5), 12) })
		close(done)
	}()
	<-done
}

// A length read from a broken frame is believed.

func decodeFrame(frame []byte) []uint64 {
	n := int(binary.LittleEndian.Uint64(frame))
	return make([]uint64, n) // guilty: makeslice
}

func makeSlice() {
	cacheAndServer()
	culprit("makeslice: len out of range", "main.decodeFrame")
	decodeFrame([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f})
}

// An index is larger than what the system gives.

type indexFile struct {
	words []uint64
}

func (f *indexFile) load(n int) {
	f.words = make([]uint64, n) // guilty: out-of-memory
}

func outOfMemory() {
	lruAndBench()
	collect()
	syscall.Setrlimit(syscall.RLIMIT_AS, &syscall.Rlimit{Cur: 4 << 30, Max: 4 << 30})
	culprit("out of memory|cannot allocate memory", "main.(*indexFile).load")
	figures(count(6442450944), bytes(6<<30, 0.01))
	(&indexFile{}).load(6 << 30 / 8)
}
