package main

import (
	"encoding/binary"
	"fmt"
	"math/rand"
	"sync"
	"sync/atomic"
	"time"
)

// An event bus of a trading desk: publishers, a journal of the last events, and subscribers with a mailbox each. All keep
// up but the one that writes to a slow disk.

type event struct {
	sequence uint64
	topic    string
	account  string
	at       time.Time
	payload  []byte
}

// mailbox is a queue without bound: publishers never wait.
type mailbox struct {
	mu    sync.Mutex
	ready *sync.Cond
	head  *letter
	tail  *letter
	size  int
}

type letter struct {
	event *event
	next  *letter
}

func newMailbox() *mailbox {
	m := &mailbox{}
	m.ready = sync.NewCond(&m.mu)
	return m
}

func (m *mailbox) put(e *event) {
	m.mu.Lock()
	l := &letter{event: e}
	if m.tail == nil {
		m.head = l
	} else {
		m.tail.next = l
	}
	m.tail = l
	m.size++
	m.mu.Unlock()
	m.ready.Signal()
}

func (m *mailbox) take() *event {
	m.mu.Lock()
	defer m.mu.Unlock()
	for m.head == nil {
		m.ready.Wait()
	}
	l := m.head
	m.head = l.next
	if m.head == nil {
		m.tail = nil
	}
	m.size--
	return l.event
}

type subscription struct {
	name  string
	wants func(topic string) bool
	inbox *mailbox
	apply func(*event)
}

func (s *subscription) deliver() {
	for {
		s.apply(s.inbox.take())
	}
}

// journal keeps the last events for those who join late.
type journal struct {
	mu     sync.RWMutex
	events []*event
	oldest int
}

func (j *journal) add(e *event) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.events) < 16000 {
		j.events = append(j.events, e)
		return
	}
	j.events[j.oldest] = e
	j.oldest = (j.oldest + 1) % len(j.events)
}

type desk struct {
	mu            sync.RWMutex
	subscriptions []*subscription
	journal       *journal
	sequence      atomic.Uint64
}

func (d *desk) subscribe(name string, wants func(topic string) bool, apply func(*event)) {
	s := &subscription{name, wants, newMailbox(), apply}
	d.mu.Lock()
	d.subscriptions = append(d.subscriptions, s)
	d.mu.Unlock()
	go s.deliver()
}

func (d *desk) publish(topic, account string, payload []byte) {
	e := &event{d.sequence.Add(1), topic, account, time.Now(), payload}
	d.journal.add(e)
	d.mu.RLock()
	defer d.mu.RUnlock()
	for _, s := range d.subscriptions {
		if !s.wants(topic) {
			continue
		}
		// Everyone gets an event of his own, to change it as he likes.
		own := *e
		own.payload = append([]byte(nil), e.payload...)
		s.inbox.put(&own)
	}
}

// position is what an account owns of one paper.
type position struct {
	paper    string
	quantity int64
	bought   []trade
}

type trade struct {
	sequence uint64
	quantity int64
	price    int64
}

type portfolio struct {
	owner     string
	positions map[string]*position
}

// books are the read model of the accounts.
type books struct {
	mu       sync.Mutex
	accounts map[string]*portfolio
}

func (b *books) apply(e *event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	p := b.accounts[e.account]
	paper := e.topic
	held, ok := p.positions[paper]
	if !ok {
		held = &position{paper: paper}
		p.positions[paper] = held
	}
	held.quantity += int64(e.payload[0])
	held.bought = append(held.bought, trade{e.sequence, int64(e.payload[0]), int64(e.payload[1])})
	if len(held.bought) > 24 {
		held.bought = append([]trade(nil), held.bought[12:]...)
	}
}

// quotes are the last prices of every paper, one bar a second.
type quotes struct {
	mu   sync.Mutex
	bars map[string][]bar
}

type bar struct{ open, high, low, close float64 }

func (q *quotes) apply(e *event) {
	q.mu.Lock()
	defer q.mu.Unlock()
	bars := q.bars[e.topic]
	price := float64(e.payload[1])
	copy(bars, bars[1:])
	bars[len(bars)-1] = bar{price, price + 1, price - 1, price}
}

// risk is a matrix of the correlations of all papers.
type risk struct {
	rows [][]float32
}

func (r *risk) apply(e *event) {
	r.rows[int(e.payload[0])%len(r.rows)][int(e.payload[1])%len(r.rows)] += 0.5
}

// known tells events that came twice.
type known struct {
	mu      sync.Mutex
	current map[uint64]time.Time
	before  map[uint64]time.Time
}

func (k *known) apply(e *event) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.current) >= 80000 {
		k.before, k.current = k.current, map[uint64]time.Time{}
	}
	k.current[e.sequence] = e.at
}

// report writes events to a disk that takes its time.
func report(e *event) {
	time.Sleep(20 * time.Millisecond)
	reported.Add(uint64(len(e.payload)))
}

var reported atomic.Uint64

var (
	trading    = &desk{journal: &journal{}}
	ledger     = &books{accounts: map[string]*portfolio{}}
	market     = &quotes{bars: map[string][]bar{}}
	exposure   = &risk{}
	duplicates = &known{current: map[uint64]time.Time{}, before: map[uint64]time.Time{}}
)

func everything(string) bool { return true }

func runBus() []string {
	for i := 0; i < 5000; i++ {
		name := fmt.Sprintf("account-%d", i)
		ledger.accounts[name] = &portfolio{owner: name, positions: map[string]*position{}}
	}
	papers := make([]string, 400)
	for i := range papers {
		papers[i] = fmt.Sprintf("PAPER%03d", i)
		market.bars[papers[i]] = make([]bar, 800)
	}
	exposure.rows = make([][]float32, 1600)
	for i := range exposure.rows {
		exposure.rows[i] = make([]float32, 1600)
	}
	trading.subscribe("ledger", everything, ledger.apply)
	trading.subscribe("market", everything, market.apply)
	trading.subscribe("report", func(topic string) bool { return topic == "PAPER007" || topic == "PAPER011" || topic == "PAPER023" }, report)
	trading.subscribe("exposure", everything, exposure.apply)
	trading.subscribe("duplicates", everything, duplicates.apply)
	random := rand.New(rand.NewSource(3))
	for i := 0; i < 150000; i++ {
		payload := make([]byte, 512)
		binary.LittleEndian.PutUint64(payload, random.Uint64())
		trading.publish(papers[i%40], fmt.Sprintf("account-%d", random.Intn(5000)), payload)
		if i%500 == 0 {
			time.Sleep(time.Millisecond)
		}
	}
	time.Sleep(100 * time.Millisecond)
	return []string{"main.report"}
}
