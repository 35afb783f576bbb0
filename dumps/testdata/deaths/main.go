// deaths ends in one of the ways a Go program can, or lives on, while its goroutines wait in ways that have a known answer:
//
//	deaths [string|error|struct|stringer|named|nested|repanic|index|nil|mapwrite|deadlock|outside|quit|alive|memory|limit|storm|overflow]
//	deaths [long|general|kill SIGNAL|raise SIGNAL]
//
// Two goroutines hold a mutex each and want the other's; 50 workers read a channel that nobody else has; one waits for a
// WaitGroup that is never done; one has labels.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"strings"
	"sync"
	"time"

	"corescope.example/dumps/truth"
)

type account struct{ mu sync.Mutex }

var first, second account
var group sync.WaitGroup
var config sync.RWMutex
var cond = sync.NewCond(&sync.Mutex{})
var never = make(chan int)
var block = make(chan struct{})
var parked sync.WaitGroup
var sink any

//go:noinline
func transfer(from, to *account) {
	from.mu.Lock()
	parked.Done()
	<-block
	to.mu.Lock()
	to.mu.Unlock()
	from.mu.Unlock()
}

//go:noinline
func worker(jobs chan *int) {
	parked.Done()
	for job := range jobs {
		sink = job
	}
}

//go:noinline
func startWorkers() {
	jobs := make(chan *int)
	for i := 0; i < 50; i++ {
		go worker(jobs)
	}
}

func waitForGroup() {
	parked.Done()
	group.Wait()
}

func reader() {
	parked.Done()
	config.RLock()
}

//go:noinline
func selector(answer chan int) {
	mine := make(chan string, 1)
	parked.Done()
	select {
	case <-answer:
	case <-mine:
	}
}

// helper could end selector's wait: it has the channel.
//
//go:noinline
func helper(answer chan int) {
	parked.Done()
	<-never
	answer <- 1
}

func waiter() {
	cond.L.Lock()
	parked.Done()
	cond.Wait()
}

func labelled() {
	pprof.Do(context.Background(), pprof.Labels("request", "42", "user", "ann"), func(context.Context) {
		parked.Done()
		<-never
	})
}

type pair struct {
	Left, Right int
	Name        string
}

type coded struct{ code int }

func (c *coded) Error() string { return fmt.Sprintf("code %d", c.code) }

type place struct{ x, y int }

func (p place) String() string { return fmt.Sprintf("place %d,%d", p.x, p.y) }

type word string
type plain struct {
	n int
	s string
}

//go:noinline
func nested() {
	defer func() {
		panic(fmt.Errorf("cleaning up: %w", errors.New("second")))
	}()
	panic("first")
}

//go:noinline
func repanic() {
	defer func() {
		panic(recover())
	}()
	panic(&coded{7})
}

//go:noinline
func overflow(n int) int {
	var room [64]int
	room[n%64] = n
	return overflow(n+1) + room[n%7]
}

func mapWrite() {
	m := map[int]int{}
	for i := 0; i < 4; i++ {
		go func() {
			for j := 0; ; j++ {
				m[j%8] = j
			}
		}()
	}
	time.Sleep(10 * time.Second)
	panic("the map was not noticed")
}

func die(how string) {
	switch how {
	case "string":
		panic("two\nlines")
	case "error":
		panic(&coded{42})
	case "struct":
		panic(plain{3, "x"})
	case "stringer":
		panic(place{1, 2})
	case "named":
		panic(word("hello"))
	case "nested":
		nested()
	case "repanic":
		repanic()
	case "index":
		var list []int
		sink = list[len(how)]
	case "nil":
		var p *pair
		p.Right = 1
	case "mapwrite":
		mapWrite()
	case "deadlock":
		<-never
	case "outside":
		println("please abort")
		time.Sleep(time.Hour)
	case "quit":
		println("please quit")
		time.Sleep(time.Hour)
	case "alive":
		text := make([]byte, 1<<20)
		os.Stderr.Write(text[:runtime.Stack(text, true)])
		println("\nplease dump")
		for {
			busy(1 << 20)
		}
	case "limit":
		limit()
	case "storm":
		storm()
	case "memory":
		sink = make([]byte, 1<<45)
	case "overflow":
		debug.SetMaxStack(1 << 20)
		overflow(0)
	case "long":
		panic(fmt.Errorf("cannot parse %s", strings.Repeat("0123456789abcdef", 1<<16)))
	case "general":
		general()
	case "kill", "raise":
		signalItself(how, os.Args[2])
	}
}

func main() {
	how := "string"
	if len(os.Args) > 1 {
		how = os.Args[1]
	}
	answer := make(chan int)
	starts := []func(){
		func() { transfer(&first, &second) }, func() { transfer(&second, &first) }, waitForGroup, waiter, labelled,
		func() { selector(answer) }, func() { helper(answer) },
	}
	group.Add(1)
	parked.Add(len(starts) + 50)
	startWorkers()
	for _, start := range starts {
		go start()
	}
	parked.Wait()
	config.Lock()
	parked.Add(1)
	go reader()
	parked.Wait()
	if how != "deadlock" {
		parked.Add(1)
		go func() {
			parked.Done()
			time.Sleep(time.Hour)
		}()
		parked.Wait()
	}
	close(block)
	for i := 0; i < 10; i++ {
		runtime.Gosched()
		time.Sleep(time.Millisecond)
	}
	runtime.GC()
	truth.Say("goroutines", runtime.NumGoroutine())
	truth.Say("pid", os.Getpid())
	truth.Say("parent", os.Getppid())
	die(how)
}
