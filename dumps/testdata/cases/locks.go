package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

func init() {
	cases["lock-cycle"] = lockCycle
	cases["lock-ring"] = lockRing
	cases["convoy"] = convoy
	cases["convoy-http"] = convoyHTTP
	cases["writer-starved"] = writerStarved
	cases["lock-lost"] = lockLost
}

// Two goroutines take two locks in opposite order; 23 more wait behind them.

type account struct {
	id      int
	balance int64
}

type accountBook struct {
	mu       sync.Mutex
	accounts map[int]*account
}

type auditLog struct {
	mu    sync.Mutex
	lines []string
}

var (
	book  = &accountBook{accounts: map[int]*account{}}
	audit = &auditLog{}
)

func transfer(meet *sync.WaitGroup) {
	book.mu.Lock()
	defer book.mu.Unlock()
	meet.Done()
	meet.Wait()
	audit.mu.Lock() // guilty: lock-cycle
	audit.lines = append(audit.lines, "transfer")
	audit.mu.Unlock()
}

func closeDay(meet *sync.WaitGroup) {
	audit.mu.Lock()
	defer audit.mu.Unlock()
	meet.Done()
	meet.Wait()
	book.mu.Lock() // guilty: lock-cycle
	audit.lines = append(audit.lines, fmt.Sprint(len(book.accounts)))
	book.mu.Unlock()
}

func balanceOf(id int) int64 {
	book.mu.Lock()
	defer book.mu.Unlock()
	return book.accounts[id].balance
}

func lockCycle() {
	cacheAndServer()
	for i := 0; i < 500; i++ {
		book.accounts[i] = &account{i, int64(i)}
	}
	var meet sync.WaitGroup
	meet.Add(2)
	go transfer(&meet)
	go closeDay(&meet)
	parked(1, "sync.Mutex.Lock", "main.transfer")
	parked(1, "sync.Mutex.Lock", "main.closeDay")
	for i := 0; i < 23; i++ {
		go balanceOf(i)
	}
	parked(23, "sync.Mutex.Lock", "main.balanceOf")
	culprit("main.book.mu|main.accountBook.mu", "main.audit.mu|main.auditLog.mu")
	figures(count(23), count(25))
	hang()
}

// Three shards lock one another in a ring.

type shard struct {
	mu   sync.RWMutex
	keys map[string]int
}

type cluster struct {
	shards [3]*shard
}

func (c *cluster) move(from, to int, meet *sync.WaitGroup) {
	c.shards[from].mu.Lock()
	defer c.shards[from].mu.Unlock()
	meet.Done()
	meet.Wait()
	c.shards[to].mu.Lock() // guilty: lock-ring
	defer c.shards[to].mu.Unlock()
	c.shards[to].keys["moved"]++
}

func (c *cluster) lookUp(key string) int {
	s := c.shards[len(key)%3]
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.keys[key]
}

func lockRing() {
	lruAndBench()
	c := &cluster{}
	for i := range c.shards {
		c.shards[i] = &shard{keys: map[string]int{}}
	}
	var meet sync.WaitGroup
	meet.Add(3)
	for i := 0; i < 3; i++ {
		i := i
		go c.move(i, (i+1)%3, &meet)
	}
	parked(3, "sync.", "main.(*cluster).move")
	for i := 0; i < 41; i++ {
		i := i
		go func() { c.lookUp(word(i, i)) }()
	}
	parked(41, "sync.RWMutex.RLock", "main.(*cluster).lookUp")
	culprit("main.shard.mu|.shards[0].mu|.shards[1].mu|.shards[2].mu", "main.(*cluster).move")
	figures(count(41), count(44), count(3))
	hang()
}

// Handlers wait for a lock whose holder waits for an answer that never comes.

type catalog struct {
	mu      sync.Mutex
	prices  map[string]int
	updates chan map[string]int
}

func (c *catalog) refresh() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for item, price := range <-c.updates { // guilty: convoy
		c.prices[item] = price
	}
}

func (c *catalog) price(item string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.prices[item]
}

func convoy() {
	tableAndTokens()
	shop := &catalog{prices: map[string]int{}, updates: make(chan map[string]int)}
	go shop.refresh()
	parked(1, "chan receive", "main.(*catalog).refresh")
	for i := 0; i < 57; i++ {
		go shop.price("tea")
	}
	parked(57, "sync.Mutex.Lock", "main.(*catalog).price")
	culprit("main.catalog.mu|shop.mu", "main.(*catalog).refresh")
	figures(count(57))
	hang()
}

// The same, where the holder reads from a server that accepted and says nothing.

type tokenSource struct {
	mu      sync.Mutex
	current string
	url     string
}

var (
	credentials *tokenSource
	// Kept, since a listener that nobody refers to is closed.
	silent net.Listener
)

func (t *tokenSource) token() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.current == "" {
		t.fetch()
	}
	return t.current
}

func (t *tokenSource) fetch() {
	response, err := http.Get(t.url) // guilty: convoy-http
	if err != nil {
		return
	}
	defer response.Body.Close()
	text, _ := io.ReadAll(response.Body)
	t.current = string(text)
}

func convoyHTTP() {
	lruAndBench()
	var err error
	silent, err = net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	credentials = &tokenSource{url: "http://" + silent.Addr().String()}
	go credentials.token()
	parked(1, "select", "main.(*tokenSource).fetch")
	for i := 0; i < 33; i++ {
		go credentials.token()
	}
	parked(33, "sync.Mutex.Lock", "main.(*tokenSource).token")
	culprit("main.credentials.mu|main.tokenSource.mu", "main.(*tokenSource).fetch")
	figures(count(33))
	hang()
}

// A reader that sleeps with the lock keeps a writer out, and the writer keeps the other readers out.

type routeTable struct {
	mu     sync.RWMutex
	routes map[string]string
}

var routing = &routeTable{routes: map[string]string{}}

func (r *routeTable) export() {
	r.mu.RLock()
	defer r.mu.RUnlock()
	for range [3]int{} {
		time.Sleep(time.Hour) // guilty: writer-starved
	}
}

func (r *routeTable) set(path, to string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.routes[path] = to
}

func (r *routeTable) find(path string) string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.routes[path]
}

func writerStarved() {
	cacheAndServer()
	go routing.export()
	parked(1, "sleep", "main.(*routeTable).export")
	go routing.set("/", "home")
	parked(1, "sync.", "main.(*routeTable).set")
	for i := 0; i < 46; i++ {
		go routing.find("/")
	}
	parked(46, "sync.RWMutex.RLock", "main.(*routeTable).find")
	culprit("main.routing.mu|main.routeTable.mu", "main.(*routeTable).export")
	figures(count(46), count(47))
	hang()
}

// An early return forgot to unlock: nobody is left who could.

type quota struct {
	mu   sync.Mutex
	left map[string]int
}

func (q *quota) take(user string) bool {
	q.mu.Lock() // guilty: lock-lost
	if q.left[user] == 0 {
		return false
	}
	q.left[user]--
	q.mu.Unlock()
	return true
}

var quotas = &quota{left: map[string]int{"ann": 2}}

func lockLost() {
	tableAndTokens()
	quotas.take("bob")
	for i := 0; i < 71; i++ {
		go quotas.take("ann")
	}
	parked(71, "sync.Mutex.Lock", "main.(*quota).take")
	culprit("main.quotas.mu|main.quota.mu")
	figures(count(71))
	hang()
}
