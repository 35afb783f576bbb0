// garbage makes a known amount of garbage after the last collection (the collector is off) beside a known
// live heap, tells both and dies. Usage: garbage N
package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"strconv"

	"corescope.example/dumps/truth"
)

type Child struct {
	Parent *Garbage
	Value  int
}

// Garbage objects form rings, so that each is pointed to although none is reachable.
type Garbage struct {
	Next     *Garbage
	First    *Child
	Second   *Child
	Shared   *Live
	Payload  *Payload
	Overflow [10]uintptr
}

// Payload has no pointers and no type of its own in its slot: its referrer names it.
type Payload struct{ Bytes [200]byte }

// Wide has a malloc header (over 512 bytes, with pointers, since Go 1.22). Each ring has one: garbage that nothing
// with a name points to could be counted, but not named.
type Wide struct {
	Owner *Garbage
	Pad   [700]byte
}

// Huge is a large object with a span of its own.
type Huge struct {
	Owner *Garbage
	Pad   [40000]byte
}

type Live struct {
	Next *Live
	ID   int
	Pay  *LivePayload
}
type LivePayload struct{ Bytes [100]byte }

var live *Live

//go:noinline
func makeLive(n int) {
	for i := 0; i < n; i++ {
		live = &Live{live, i, &LivePayload{}}
	}
}

//go:noinline
func makeGarbage(n int) {
	var ring *Garbage
	for i := 0; i < n; i++ {
		g := &Garbage{Shared: live, Payload: &Payload{}}
		g.First = &Child{Parent: g, Value: i}
		g.Second = &Child{Parent: g, Value: -i}
		if i%10 == 0 {
			g.Next = g
			ring = g
			w := &Wide{Owner: ring}
			w.Pad[0] = byte(i)
			sink = w
		} else {
			g.Next = ring.Next
			ring.Next = g
		}
	}
	for i := 0; i < n/100; i++ {
		h := &Huge{Owner: ring}
		h.Pad[0] = byte(i)
		sink = h
	}
	sink = nil
}

// sink makes objects escape.
var sink any

func main() {
	n, _ := strconv.Atoi(os.Args[1])
	makeLive(2 * n)
	truth.Types(map[string]int{
		"main.Live": 2 * n, "main.LivePayload": 2 * n, "main.Garbage": n, "main.Child": 2 * n, "main.Payload": n,
		"main.Wide": n / 10, "main.Huge": n / 100,
	})
	truth.Garbage(map[string]int{
		"main.Garbage": n, "main.Child": 2 * n, "main.Payload": n, "main.Wide": n / 10, "main.Huge": n / 100,
	})
	debug.SetGCPercent(-1)
	done := make(chan bool)
	begin := make(chan bool)
	// Made by a goroutine that is gone by the time of death: no old stack slot may keep any of it.
	go func() {
		<-begin
		makeGarbage(n)
		close(done)
	}()
	truth.Settle()
	begin <- true
	<-done
	runtime.Gosched()
	truth.Last()
	panic("garbage is there")
}
