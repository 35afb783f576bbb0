// blocked lets goroutines wait in every way whose answer is known, then panics:
//
//	blocked [plain|profile|crowd N]
//
// Each goroutine says its id under the name of what it does; scene by scene in cycles.go, waits.go and leaks.go. With
// profile it has the runtime find the leaked ones first (Go 1.26 with GOEXPERIMENT=goroutineleakprofile, and since 1.27).
package main

import (
	"bytes"
	"io"
	"os"
	"runtime"
	"runtime/pprof"
	"strconv"
	"sync"
	"time"

	"corescope.example/dumps/truth"
)

var names struct {
	mu  sync.Mutex
	ids map[string][]int
}

// Goroutines that have not come to their place.
var starting sync.WaitGroup

// Closed when all have locked what they lock first.
var gate = make(chan struct{})

// start runs a goroutine of a scene; it has to call enter.
func start(body func()) {
	starting.Add(1)
	go body()
}

// enter says the id of the goroutine that calls it.
func enter(name string) {
	var header [64]byte
	text := bytes.Fields(header[:runtime.Stack(header[:], false)])
	id, err := strconv.Atoi(string(text[1]))
	if err != nil {
		panic(err)
	}
	names.mu.Lock()
	names.ids[name] = append(names.ids[name], id)
	names.mu.Unlock()
	starting.Done()
}

// settle gives all goroutines the time to block.
func settle() {
	for i := 0; i < 20; i++ {
		runtime.Gosched()
		time.Sleep(time.Millisecond)
	}
}

//go:noinline
func scenes() {
	mutexCycles()
	readWriteCycles()
	channelCycles()
	waits()
	leaks()
	starting.Wait()
	close(gate)
	settle()
	lateWaits()
	settle()
}

func main() {
	how := "plain"
	if len(os.Args) > 1 {
		how = os.Args[1]
	}
	names.ids = map[string][]int{}
	if how == "crowd" {
		count, _ := strconv.Atoi(os.Args[2])
		crowd(count)
	}
	scenes()
	truth.Say("ids", names.ids)
	truth.Say("descriptors", descriptors)
	runtime.GC()
	if how == "profile" {
		if err := pprof.Lookup("goroutineleak").WriteTo(io.Discard, 2); err != nil {
			panic(err)
		}
	}
	truth.Say("goroutines", runtime.NumGoroutine())
	panic("all is blocked")
}
