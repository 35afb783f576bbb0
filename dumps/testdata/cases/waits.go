package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

func init() {
	cases["waitgroup"] = waitGroup
	cases["cond"] = condUnsignalled
	cases["leaked-sends"] = leakedSends
	cases["full-channel"] = fullChannel
	cases["all-asleep"] = allAsleep
	cases["nil-select"] = nilSelect
	cases["bodies"] = bodies
	cases["contexts"] = contexts
}

// A worker that fails returns without Done; whoever asked waits for ever.

type batch struct {
	done    sync.WaitGroup
	results []string
}

func (b *batch) work(i int) {
	if i%20 == 7 {
		return // guilty: waitgroup
	}
	b.results[i] = word(20, i)
	b.done.Done()
}

func runBatch() *batch {
	b := &batch{results: make([]string, 60)}
	b.done.Add(60)
	for i := 0; i < 60; i++ {
		go b.work(i)
	}
	b.done.Wait() // guilty: waitgroup
	return b
}

func waitGroup() {
	cacheAndServer()
	for i := 0; i < 19; i++ {
		go runBatch()
	}
	parked(19, "", "sync.(*WaitGroup).Wait")
	culprit("main.batch.done|main.runBatch")
	figures(count(19))
	hang()
}

// The spool is closed without waking those who wait for it.

type spool struct {
	mu     sync.Mutex
	ready  *sync.Cond
	items  []string
	closed bool
}

func (s *spool) take() (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.items) == 0 && !s.closed {
		s.ready.Wait() // guilty: cond
	}
	if s.closed {
		return "", false
	}
	item := s.items[0]
	s.items = s.items[1:]
	return item, true
}

func (s *spool) close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
}

func condUnsignalled() {
	tableAndTokens()
	s := &spool{}
	s.ready = sync.NewCond(&s.mu)
	var printers sync.WaitGroup
	for i := 0; i < 27; i++ {
		printers.Add(1)
		go func() {
			defer printers.Done()
			for _, ok := s.take(); ok; _, ok = s.take() {
			}
		}()
	}
	parked(27, "sync.Cond.Wait", "main.(*spool).take")
	s.close()
	culprit("main.spool.ready|main.(*spool).take")
	figures(count(27))
	collect()
	go func() {
		parked(1, "", "sync.(*WaitGroup).Wait")
		plea()
	}()
	printers.Wait()
}

// The first answer wins, and the others are sent to nobody.

type answer struct {
	replica int
	body    []byte
}

func askReplica(i int, answers chan *answer) {
	answers <- &answer{i, make([]byte, 1000)} // guilty: leaked-sends
}

func firstAnswer() *answer {
	answers := make(chan *answer)
	for i := 0; i < 4; i++ {
		go askReplica(i, answers)
	}
	return <-answers
}

func leakedSends() {
	lruAndBench()
	for i := 0; i < 400; i++ {
		firstAnswer()
	}
	parked(1200, "chan send", "main.askReplica")
	culprit("main.askReplica")
	figures(count(1200))
	hang()
}

// One slow writer empties a channel that eighty fill.

type record struct {
	line string
	data [64]byte
}

var ledger = make(chan *record, 256)

func writeLedger(slow net.Conn) {
	for r := range ledger {
		slow.Write([]byte(r.line)) // guilty: full-channel
	}
}

func note(i int) {
	for {
		ledger <- &record{line: word(10, i)}
	}
}

func fullChannel() {
	cacheAndServer()
	// Nobody reads at the other end.
	near, far := net.Pipe()
	_ = far
	go writeLedger(near)
	for i := 0; i < 83; i++ {
		go note(i)
	}
	parked(83, "chan send", "main.note")
	culprit("main.ledger", "main.writeLedger")
	figures(count(83), count(256))
	hang()
}

// Every stage waits for the one before it: all goroutines are asleep.

type stage struct {
	in, out chan int
}

func (s *stage) run() {
	for v := range s.in { // guilty: all-asleep
		s.out <- v + 1
	}
}

func allAsleep() {
	tables()
	var first, last chan int
	first = make(chan int)
	last = first
	for i := 0; i < 9; i++ {
		s := &stage{last, make(chan int)}
		last = s.out
		go s.run()
	}
	parked(9, "chan receive", "main.(*stage).run")
	culprit("all goroutines are asleep", "main.allAsleep|main.(*stage).run")
	figures(count(9))
	collect()
	fmt.Println(<-last) // guilty: all-asleep
}

// The channel of a relay was never made: its requests wait for ever.

type relay struct {
	quit    chan struct{}
	replies chan string
}

func (r *relay) forward(request string) string {
	select { // guilty: nil-select
	case reply := <-r.replies:
		return reply + request
	case <-r.quit:
		return ""
	}
}

func nilSelect() {
	lruAndBench()
	r := &relay{quit: make(chan struct{})}
	for i := 0; i < 900; i++ {
		go r.forward(word(8, i))
	}
	parked(900, "select", "main.(*relay).forward")
	culprit("main.(*relay).forward")
	figures(count(900))
	hang()
}

// Bodies that nobody closes keep a connection and two goroutines each.

func fetchPrice(url string) int {
	client := &http.Client{Transport: &http.Transport{}}
	response, err := client.Get(url) // guilty: bodies
	if err != nil {
		panic(err)
	}
	return response.StatusCode
}

func bodies() {
	tableAndTokens()
	long := make([]byte, 1<<20)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write(long) }))
	for i := 0; i < 150; i++ {
		fetchPrice("http://" + listener.Addr().String())
	}
	parked(150, "select", "net/http.(*persistConn).readLoop")
	culprit("persistConn")
	figures(count(150), count(300))
	hang()
}

// A context for each request, and none is cancelled.

type upstream struct {
	ctx  context.Context
	stop context.CancelFunc
	last context.Context
}

func (u *upstream) call(i int) {
	ctx, cancel := context.WithTimeout(u.ctx, 24*time.Hour) // guilty: contexts
	u.last = context.WithValue(ctx, upstreamKey{}, i)
	if i < 0 {
		cancel()
	}
}

type upstreamKey struct{}

var backend *upstream

func contexts() {
	cacheAndServer()
	backend = &upstream{}
	backend.ctx, backend.stop = context.WithCancel(context.Background())
	for i := 0; i < 30000; i++ {
		backend.call(i)
	}
	culprit("main.backend.ctx|main.upstream.ctx")
	figures(count(30000))
	hang()
}
