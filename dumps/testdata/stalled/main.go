// stalled stops in one of the ways that services stop, with a cache, idle workers and a server beside it, and is aborted:
//
//	stalled KIND
//
// It says what is to be told of it: the rule, how many goroutines cannot go on, the thing's name and the line they stand in.
package main

import (
	"context"
	"net"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"corescope.example/dumps/truth"
)

type store struct {
	name  string
	mu    sync.Mutex
	items map[string][]byte
}

type index struct {
	mu   sync.RWMutex
	rows map[int]string
}

type application struct {
	store *store
	index *index
	cache map[string][]byte
	jobs  chan int
	audit chan string
	ready *sync.Cond
	free  int
}

var app *application

func (s *store) put(key string, ix *index) {
	s.mu.Lock() // line:put
	defer s.mu.Unlock()
	<-time.After(20 * time.Millisecond)
	ix.add(len(key), key)
	s.items[key] = nil
}

func (s *store) get(key string) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.items[key]
}

func (ix *index) add(at int, key string) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	ix.rows[at] = key
}

func (ix *index) size() int {
	ix.mu.RLock() // line:size
	defer ix.mu.RUnlock()
	return len(ix.rows)
}

// rebuild takes the two locks in the other order.
func (ix *index) rebuild(s *store) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	<-time.After(20 * time.Millisecond)
	ix.rows[-1] = string(s.get("a"))
}

func (a *application) worker() {
	for job := range a.jobs {
		a.free += job
	}
}

func (a *application) acquire() {
	a.ready.L.Lock()
	for a.free == 0 {
		a.ready.Wait() // line:acquire
	}
	a.free--
	a.ready.L.Unlock()
}

func (a *application) log(line string) {
	a.audit <- line // line:log
}

func (a *application) drain(from net.Conn) {
	var answer [1]byte
	for range a.audit {
		from.Read(answer[:]) // line:drain
	}
}

func (a *application) answer(from net.Conn) {
	var answer [1]byte
	a.store.mu.Lock()
	defer a.store.mu.Unlock()
	from.Read(answer[:]) // line:answer
}

func (a *application) report(to chan bool) {
	a.index.mu.Lock()
	to <- true // line:report
	a.index.mu.Unlock()
}

func (a *application) scan(to chan bool) {
	a.index.mu.RLock()
	to <- true
	a.index.mu.RUnlock()
}

func forget(s *store, isBusy bool) {
	s.mu.Lock()
	if isBusy {
		return
	}
	s.mu.Unlock()
}

func query(ctx context.Context, i int) int {
	out := make(chan int)
	go func() {
		<-ctx.Done()
		out <- i // line:query
	}()
	select {
	case value := <-out:
		return value
	case <-ctx.Done():
		return 0
	}
}

func batch(done *sync.WaitGroup, isLost bool) {
	if isLost {
		return
	}
	done.Done()
}

func receive(from chan int) int {
	return <-from // line:receive
}

type handle struct{ bytes [64]byte }

// silent is a connection that never answers.
func silent() net.Conn {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go func() {
		var kept []net.Conn
		for {
			if conn, err := listener.Accept(); err == nil {
				kept = append(kept, conn)
			}
		}
	}()
	conn, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		panic(err)
	}
	return conn
}

func many(count int, body func(i int)) {
	for i := 0; i < count; i++ {
		i := i
		go body(i)
	}
}

// blocked waits until so many goroutines have a function on their stacks and none of them runs.
func blocked(name string, count int) {
	buffer := make([]byte, 4<<20)
	for {
		found := 0
		for _, stack := range strings.Split(string(buffer[:runtime.Stack(buffer, true)]), "\n\n") {
			if strings.Contains(stack, "\n"+name) && !strings.Contains(stack, " [run") {
				found++
			}
		}
		if found >= count {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

func main() {
	app = &application{
		store: &store{"main", sync.Mutex{}, map[string][]byte{}},
		index: &index{rows: map[int]string{}},
		cache: map[string][]byte{},
		jobs:  make(chan int),
		audit: make(chan string, 16),
		ready: sync.NewCond(&sync.Mutex{}),
	}
	for i := 0; i < 300; i++ {
		app.cache["page"+strconv.Itoa(i)] = make([]byte, 100<<10)
	}
	many(8, func(int) { app.worker() })
	many(1, func(int) { silent() })
	expect := func(rule string, goroutines int, name, at, end string) {
		truth.Say("rule", rule)
		truth.Say("count", goroutines)
		truth.Say("name", name)
		truth.Say("at", at)
		truth.Say("end", end)
	}
	switch os.Args[1] {
	case "circle":
		go app.index.rebuild(app.store)
		many(40, func(i int) { app.store.put(strconv.Itoa(i), app.index) })
		blocked("main.(*index).add(", 1)
		blocked("main.(*store).put(", 40)
		expect("deadlock", 41, "main.app.store.mu", "put", "")
	case "convoy":
		conn := silent()
		go app.answer(conn)
		blocked("main.(*application).answer(", 1)
		many(60, func(i int) { app.store.put(strconv.Itoa(i), app.index) })
		blocked("main.(*store).put(", 60)
		expect("lock-convoy", 60, "main.app.store.mu", "put", "answer")
	case "chain":
		go app.report(make(chan bool))
		blocked("main.(*application).report(", 1)
		many(60, func(i int) { app.store.put(strconv.Itoa(i), app.index) })
		blocked("main.(*index).add(", 1)
		blocked("main.(*store).put(", 60)
		expect("lock-convoy", 60, "main.app.store.mu", "put", "report")
	case "writer":
		go app.scan(make(chan bool))
		blocked("main.(*application).scan(", 1)
		many(1, func(i int) { app.index.add(i, "a") })
		blocked("main.(*index).add(", 1)
		many(30, func(int) { app.index.size() })
		blocked("main.(*index).size(", 30)
		expect("lock-convoy", 31, "main.app.index.mu", "size", "")
	case "forgotten":
		forget(app.store, true)
		many(30, func(i int) { app.store.put(strconv.Itoa(i), app.index) })
		blocked("main.(*store).put(", 30)
		expect("nobody-left", 30, "main.app.store.mu", "put", "")
	case "group":
		var done sync.WaitGroup
		done.Add(10)
		many(10, func(i int) { batch(&done, i == 7) })
		go func() {
			blocked("sync.(*WaitGroup).Wait(", 1)
			expect("nobody-left", 1, "", "", "")
			abort()
		}()
		done.Wait()
	case "full":
		go app.drain(silent())
		app.log("first")
		blocked("internal/poll.(*FD).Read(", 1)
		many(80, func(i int) { app.log(strconv.Itoa(i)) })
		blocked("main.(*application).log(", 64)
		expect("blocked-senders", 64, "main.app.audit", "log", "drain")
	case "leak":
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		for i := 0; i < 500; i++ {
			for query(ctx, i) != 0 {
			}
		}
		blocked("main.query.func1(", 500)
		expect("leaked", 500, "", "query", "")
	case "nil":
		many(20, func(int) { receive(nil) })
		blocked("main.receive(", 20)
		expect("nil-channel", 20, "", "receive", "")
	case "finalizer":
		conn := silent()
		runtime.SetFinalizer(&handle{}, func(h *handle) { conn.Read(h.bytes[:]) })
		runtime.GC()
		blocked("internal/poll.(*FD).Read(", 1)
		expect("stalled-finalizer", 1, "", "", "")
	case "healthy":
		many(20, func(int) { app.acquire() })
		many(1, func(int) { time.Sleep(time.Hour); app.free++; app.ready.Broadcast() })
		many(1, func(int) { app.drain(silent()) })
		blocked("main.(*application).acquire(", 20)
		expect("", 0, "", "", "")
	}
	abort()
	select {}
}

func abort() {
	syscall.Kill(os.Getpid(), syscall.SIGABRT)
	select {}
}
