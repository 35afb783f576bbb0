package main

import (
	"bufio"
	"container/list"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

func init() {
	for name, run := range map[string]func(){
		"busy-server": busyServer, "cond-pool": condPool, "channel-pool": channelPool, "idle-daemon": idleDaemon,
		"compiler": compiler, "pipeline": pipeline, "ticker-loop": tickerLoop, "bounded-lru": boundedLRU,
		"sync-map": syncMapCache, "big-table": bigTable, "connections": connections, "crawler": crawler,
		"ring": ring, "deadlines": deadlines, "shards": shards, "writer": logWriter, "expiry": expiry,
	} {
		run := run
		cases["healthy-"+name] = func() {
			run()
			select {}
		}
	}
}

// working says so, some time after all have begun.
func working(done *atomic.Int64, rounds int64) {
	for done.Load() < rounds {
		time.Sleep(time.Millisecond)
	}
	plea()
}

// A server that answers out of a cache of 8 MB, with clients that ask all the time.
func busyServer() {
	cacheAndServer()
	var done atomic.Int64
	var mu sync.RWMutex
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.RLock()
		p := pages[r.URL.Path]
		mu.RUnlock()
		w.Write(p.body)
		done.Add(1)
	}))
	for c := 0; c < 12; c++ {
		c := c
		go func() {
			for i := c; ; i++ {
				response, err := http.Get(fmt.Sprintf("http://%s/articles/%d.html", listener.Addr(), i%1500))
				if err != nil {
					continue
				}
				io.Copy(io.Discard, response.Body)
				response.Body.Close()
			}
		}()
	}
	go working(&done, 3000)
}

// Forty workers on a Cond, most of them resting, a producer that wakes one now and then.
func condPool() {
	lruAndBench()
	var done atomic.Int64
	for i := 0; i < 34; i++ {
		go bench.rest()
	}
	go func() {
		for {
			bench.mu.Lock()
			bench.todo = append(bench.todo, func() { done.Add(int64(len(word(1000, 3))) / 1000) })
			bench.mu.Unlock()
			bench.wake.Signal()
			time.Sleep(200 * time.Microsecond)
		}
	}()
	go working(&done, 300)
}

// Sixty-four workers on a channel that is mostly empty.
func channelPool() {
	cacheAndServer()
	var done atomic.Int64
	for i := 0; i < 56; i++ {
		go idleWorker()
	}
	go func() {
		for {
			jobs <- func() { done.Add(1) }
			time.Sleep(200 * time.Microsecond)
		}
	}()
	go working(&done, 300)
}

// A daemon that waits for clients, signals and an hour to pass.
func idleDaemon() {
	cacheAndServer()
	reload := make(chan os.Signal, 1)
	signal.Notify(reload, syscall.SIGHUP)
	go func() {
		for {
			select {
			case <-reload:
			case <-time.After(time.Hour):
			}
		}
	}()
	parked(1, "select", "main.idleDaemon")
	collect()
	plea()
}

// A compiler in the middle of its work: trees of a package, and types that point everywhere.

type syntaxNode struct {
	kind     string
	children []*syntaxNode
	scope    map[string]*syntaxNode
}

func parseTree(depth, seed int) *syntaxNode {
	n := &syntaxNode{kind: word(6, seed%50)}
	if depth > 0 {
		n.scope = map[string]*syntaxNode{}
		for i := 0; i < 5; i++ {
			child := parseTree(depth-1, seed*5+i)
			n.children = append(n.children, child)
			n.scope[word(5, seed*5+i)] = child
		}
	}
	return n
}

func checkTree(n *syntaxNode) int {
	sum := len(n.scope)
	for _, each := range n.children {
		sum += checkTree(each) + strings.Count(each.kind, "a")
	}
	return sum
}

func compiler() {
	var done atomic.Int64
	go working(&done, 6)
	for unit := 0; ; unit++ {
		tree := parseTree(6, unit)
		done.Add(1)
		if checkTree(tree) < 0 {
			fmt.Println(tree.kind)
		}
	}
}

// Four stages between bounded channels, all at work.
func pipeline() {
	tableAndTokens()
	var done atomic.Int64
	var out chan []byte
	in := make(chan []byte, 64)
	first := in
	for s := 0; s < 4; s++ {
		from, to := in, make(chan []byte, 64)
		for w := 0; w < 3; w++ {
			go func() {
				for b := range from {
					to <- append([]byte(nil), b...)
				}
			}()
		}
		in, out = to, to
	}
	go func() {
		for i := 0; ; i++ {
			first <- []byte(word(200, i))
		}
	}()
	go func() {
		for range out {
			done.Add(1)
		}
	}()
	go working(&done, 3000)
}

// Loops that wake up on their tickers.
func tickerLoop() {
	lruAndBench()
	var done atomic.Int64
	for i := 0; i < 9; i++ {
		go func() {
			for range time.NewTicker(2 * time.Millisecond).C {
				done.Add(1)
			}
		}()
	}
	go working(&done, 200)
}

// An LRU that is full and keeps its bound, with traffic.
func boundedLRU() {
	recent = &recentPages{limit: 9000, order: list.New(), entries: map[string]*list.Element{}}
	var done atomic.Int64
	go func() {
		for i := 0; ; i++ {
			recent.put(&page{fmt.Sprintf("/shop/%d", i), make([]byte, 1500)})
			done.Add(1)
		}
	}()
	go working(&done, 40000)
}

// Sessions in a sync.Map that is swept.
func syncMapCache() {
	cacheAndServer()
	var done atomic.Int64
	go func() {
		for i := 0; ; i++ {
			tokens.Store(i, &page{word(20, i), make([]byte, 500)})
			if i >= 8000 {
				tokens.Delete(i - 8000)
			}
			done.Add(1)
		}
	}()
	go working(&done, 30000)
}

// Tables of 25 MB that were loaded at the start and are read.
func bigTable() {
	for i := 0; i < 24000; i++ {
		rates = append(rates, rate{fmt.Sprintf("C%05d", i), make([]float64, 130)})
	}
	var done atomic.Int64
	for w := 0; w < 4; w++ {
		go func() {
			sum := 0.0
			for i := 0; ; i++ {
				sum += rates[i%len(rates)].table[i%130]
				if i%1000 == 0 {
					done.Add(1)
					time.Sleep(time.Millisecond)
				}
			}
		}()
	}
	go working(&done, 100)
}

type session struct {
	conn   net.Conn
	reader *bufio.Reader
}

func (s *session) serve() {
	for {
		line, err := s.reader.ReadString('\n')
		if err != nil {
			return
		}
		s.conn.Write([]byte(line))
	}
}

// Three hundred connections that are open and quiet.
func connections() {
	lruAndBench()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go (&session{c, bufio.NewReader(c)}).serve()
		}
	}()
	var clients []net.Conn
	for i := 0; i < 300; i++ {
		c, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			panic(err)
		}
		clients = append(clients, c)
	}
	parked(300, "IO wait", "main.(*session).serve")
	collect()
	plea()
	select {}
	runtime.KeepAlive(clients)
}

// At most eight of two hundred fetches at a time.
func crawler() {
	tableAndTokens()
	var done atomic.Int64
	slots := make(chan struct{}, 8)
	go func() {
		for round := 0; ; round++ {
			var group sync.WaitGroup
			for i := 0; i < 200; i++ {
				group.Add(1)
				slots <- struct{}{}
				go func() {
					defer group.Done()
					time.Sleep(100 * time.Microsecond)
					done.Add(1)
					<-slots
				}()
			}
			group.Wait()
		}
	}()
	go working(&done, 1000)
}

// The last samples of each metric, in rings.
type metricRing struct {
	name    string
	samples []float64
	next    int
}

func ring() {
	var done atomic.Int64
	var rings []*metricRing
	for i := 0; i < 900; i++ {
		rings = append(rings, &metricRing{name: word(12, i), samples: make([]float64, 1024)})
	}
	go func() {
		for i := 0; ; i++ {
			r := rings[i%len(rings)]
			r.samples[r.next%len(r.samples)] = float64(i)
			r.next++
			if i%1000 == 0 {
				done.Add(1)
				time.Sleep(100 * time.Microsecond)
			}
		}
	}()
	go working(&done, 300)
}

// Requests with deadlines that are cancelled when they are answered.
func deadlines() {
	cacheAndServer()
	var done atomic.Int64
	root, stop := context.WithCancel(context.Background())
	for w := 0; w < 20; w++ {
		go func() {
			for root.Err() == nil {
				ctx, cancel := context.WithTimeout(root, time.Minute)
				select {
				case <-ctx.Done():
				case <-time.After(300 * time.Microsecond):
				}
				cancel()
				done.Add(1)
			}
		}()
	}
	go working(&done, 2000)
	select {}
	stop()
}

type cacheShard struct {
	mu    sync.RWMutex
	limit int
	items map[int][]byte
}

// Sixteen shards with their locks, bounded, all in use.
func shards() {
	var done atomic.Int64
	var all [16]*cacheShard
	for i := range all {
		all[i] = &cacheShard{limit: 600, items: map[int][]byte{}}
	}
	for w := 0; w < 6; w++ {
		w := w
		go func() {
			for i := w; ; i += 6 {
				s := all[i%16]
				s.mu.Lock()
				s.items[i] = make([]byte, 1000)
				for key := range s.items {
					if len(s.items) <= s.limit {
						break
					}
					delete(s.items, key)
				}
				s.mu.Unlock()
				done.Add(1)
			}
		}()
	}
	go working(&done, 50000)
	select {}
	runtime.KeepAlive(all)
}

// A writer with a buffered channel that is half full.
func logWriter() {
	lruAndBench()
	var done atomic.Int64
	lines := make(chan string, 1000)
	go func() {
		for l := range lines {
			done.Add(int64(len(l)) / 80)
			if len(lines) < 500 {
				time.Sleep(time.Millisecond)
			}
		}
	}()
	go func() {
		for i := 0; ; i++ {
			for len(lines) > 600 {
				time.Sleep(time.Millisecond)
			}
			lines <- word(80, i)
		}
	}()
	go working(&done, 3000)
}

// Sessions whose timers are moved with each request, and stopped when they end.
func expiry() {
	tableAndTokens()
	var done atomic.Int64
	expiring := map[int]*time.Timer{}
	var mu sync.Mutex
	go func() {
		for i := 0; ; i++ {
			mu.Lock()
			expiring[i] = time.AfterFunc(time.Hour, func() { done.Add(1) })
			if old := expiring[i-300]; old != nil {
				old.Stop()
				delete(expiring, i-300)
			}
			mu.Unlock()
			done.Add(1)
		}
	}()
	go working(&done, 20000)
}
