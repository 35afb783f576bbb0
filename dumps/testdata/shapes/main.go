// shapes blocks its goroutines in the shapes of the published studies of Go's concurrency bugs, and in shapes that look like them
// and are none, then dies:
//
//	shapes [SHAPE...]
//
// Every goroutine says its id under the name of its part; every shape says which parts wait for each other in a circle, who has the
// lock that a part waits for, and who can never go on.
package main

import (
	"bytes"
	"os"
	"runtime"
	"strconv"
	"sync"
	"time"

	"corescope.example/dumps/truth"
)

var said struct {
	mu      sync.Mutex
	ids     map[string][]int
	circles [][]string
	// Of the lock that a part waits for: the parts that have it.
	holders map[string][]string
	lost    []string
}

// Opened one after the other; parts use them to come in order.
var stages = [4]chan struct{}{make(chan struct{}), make(chan struct{}), make(chan struct{}), make(chan struct{})}

var starting sync.WaitGroup

// part starts a goroutine of a shape.
func part(name string, body func()) {
	starting.Add(1)
	go func() {
		enter(name)
		body()
	}()
}

func enter(name string) {
	var header [64]byte
	id, err := strconv.Atoi(string(bytes.Fields(header[:runtime.Stack(header[:], false)])[1]))
	if err != nil {
		panic(err)
	}
	said.mu.Lock()
	said.ids[name] = append(said.ids[name], id)
	said.mu.Unlock()
	starting.Done()
}

func circle(names ...string) { said.circles = append(said.circles, names) }

func holds(waiter string, names ...string) { said.holders[waiter] = names }

func lost(names ...string) { said.lost = append(said.lost, names...) }

func settle() {
	for i := 0; i < 25; i++ {
		runtime.Gosched()
		time.Sleep(time.Millisecond)
	}
}

// forever is longer than any test.
const forever = time.Hour

func main() {
	said.ids = map[string][]int{}
	said.holders = map[string][]string{}
	wanted := map[string]bool{}
	for _, each := range os.Args[1:] {
		wanted[each] = true
	}
	for _, each := range shapes {
		if len(wanted) == 0 || wanted[each.name] {
			each.start()
		}
	}
	starting.Wait()
	settle()
	for _, each := range stages {
		close(each)
		settle()
	}
	runtime.GC()
	truth.Say("ids", said.ids)
	truth.Say("circles", said.circles)
	truth.Say("holders", said.holders)
	truth.Say("lost", said.lost)
	truth.Say("shapes", len(shapes))
	panic("all is blocked")
}

var shapes []struct {
	name  string
	start func()
}

func shape(name string, start func()) bool {
	shapes = append(shapes, struct {
		name  string
		start func()
	}{name, start})
	return true
}
