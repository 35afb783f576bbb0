package main

import (
	"container/list"
	"fmt"
	"net"
	"sync"
	"time"
)

// What a service has beside its fault. Each set says which names nobody may blame.

type page struct {
	path string
	body []byte
}

var (
	pages  map[string]*page
	jobs   chan func()
	recent *recentPages
	bench  *restBench
	rates  []rate
	tokens sync.Map
	events chan string
)

// cacheAndServer: a cache of 6 MB, eight idle workers, a server that waits for clients.
func cacheAndServer() {
	pages = map[string]*page{}
	for i := 0; i < 1500; i++ {
		path := fmt.Sprintf("/articles/%d.html", i)
		pages[path] = &page{path, make([]byte, 4000)}
	}
	jobs = make(chan func())
	for i := 0; i < 8; i++ {
		go idleWorker()
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go acceptLoop(listener)
	parked(8, "chan receive", "main.idleWorker")
	healthy("main.pages", "main.page ", "main.jobs", "main.idleWorker", "main.acceptLoop")
}

func idleWorker() {
	for job := range jobs {
		job()
	}
}

func acceptLoop(listener net.Listener) {
	for {
		c, err := listener.Accept()
		if err != nil {
			return
		}
		c.Close()
	}
}

// recentPages is an LRU that keeps its bound.
type recentPages struct {
	mu      sync.Mutex
	limit   int
	order   *list.List
	entries map[string]*list.Element
}

func (r *recentPages) put(p *page) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.entries[p.path] = r.order.PushFront(p)
	for r.order.Len() > r.limit {
		oldest := r.order.Back()
		r.order.Remove(oldest)
		delete(r.entries, oldest.Value.(*page).path)
	}
}

// restBench is a pool of workers that rest on a Cond until there is something to do.
type restBench struct {
	mu   sync.Mutex
	wake *sync.Cond
	todo []func()
}

func (b *restBench) rest() {
	for {
		b.mu.Lock()
		for len(b.todo) == 0 {
			b.wake.Wait()
		}
		job := b.todo[0]
		b.todo = b.todo[1:]
		b.mu.Unlock()
		job()
	}
}

// lruAndBench: an LRU of 8 MB at its bound, six workers on a Cond, a ticker loop.
func lruAndBench() {
	recent = &recentPages{limit: 4000, order: list.New(), entries: map[string]*list.Element{}}
	for i := 0; i < 6000; i++ {
		recent.put(&page{fmt.Sprintf("/shop/%d", i), make([]byte, 2000)})
	}
	bench = &restBench{}
	bench.wake = sync.NewCond(&bench.mu)
	for i := 0; i < 6; i++ {
		go bench.rest()
	}
	go tick()
	parked(6, "sync.Cond.Wait", "main.(*restBench).rest")
	healthy("main.recent", "main.bench", "main.restBench", "main.(*restBench).rest", "main.tick")
}

func tick() {
	for range time.NewTicker(time.Minute).C {
		recent.mu.Lock()
		recent.mu.Unlock()
	}
}

type rate struct {
	currency string
	table    []float64
}

// tableAndTokens: tables that are swept from time to time.
func tableAndTokens() {
	tables()
	go sweepTokens()
}

func sweepTokens() {
	for {
		time.Sleep(time.Hour)
		tokens.Delete(-1)
	}
}

// tables: a table of 5 MB loaded at the start, a sync.Map of 2 MB, twelve workers on a channel.
func tables() {
	for i := 0; i < 5000; i++ {
		rates = append(rates, rate{fmt.Sprintf("C%04d", i), make([]float64, 120)})
	}
	for i := 0; i < 5000; i++ {
		tokens.Store(i, &page{word(32, i), make([]byte, 300)})
	}
	events = make(chan string, 16)
	for i := 0; i < 12; i++ {
		go logEvents()
	}
	parked(12, "chan receive", "main.logEvents")
	healthy("main.rates", "main.tokens", "main.events", "main.logEvents", "main.sweepTokens")
}

func logEvents() {
	for e := range events {
		_ = e
	}
}
