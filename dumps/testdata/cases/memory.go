package main

import (
	"container/list"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

func init() {
	cases["map-room"] = mapRoom
	cases["fragmented"] = fragmented
	cases["duplicates"] = duplicates
	cases["mmap"] = mmapLeak
	cases["limit"] = atTheLimit
	cases["tickers"] = tickers
	cases["timers"] = timers
	cases["defers"] = defers
	cases["global-map"] = globalMap
	cases["subslices"] = subslices
	cases["lru"] = lruDisagrees
	cases["pool"] = hugeBuffers
	cases["finalizer"] = stalledFinalizer
}

// A map that once had many entries keeps the room of all of them.

type visit struct {
	from [40]byte
	last int64
}

type visitorTable struct {
	mu   sync.Mutex
	seen map[uint64]visit
}

var visitors *visitorTable

func mapRoom() {
	lruAndBench()
	visitors = &visitorTable{seen: map[uint64]visit{}}
	for i := uint64(0); i < 300000; i++ {
		visitors.seen[i] = visit{} // guilty: map-room
	}
	for i := uint64(0); i < 300000; i++ {
		if i%100 != 7 {
			delete(visitors.seen, i)
		}
	}
	culprit("main.visitors.seen|main.visitorTable.seen")
	figures(count(len(visitors.seen)))
	hang()
}

// One of nineteen objects of a size survives: its spans are kept for it.

type reading struct {
	sensor int
	values [59]float64
}

var latest map[int]*reading

func measure(i int) *reading {
	return &reading{sensor: i} // guilty: fragmented
}

func fragmented() {
	tableAndTokens()
	latest = map[int]*reading{}
	debug.SetGCPercent(-1)
	for i := 0; i < 100000; i++ {
		if r := measure(i); i%19 == 0 {
			latest[i] = r
		}
	}
	debug.SetGCPercent(100)
	collect()
	culprit("main.reading", "480")
	// The runtime may have a few of that size too.
	figures(figure{"count", float64(len(latest)), 0.01})
	hang()
}

// Rows of a query repeat the same text, each with a copy of its own.

type customer struct {
	id      int
	country string
	tariff  string
}

var customers []*customer

func readRow(line string) *customer {
	fields := strings.Split(line, ";")
	// strings.Clone: each field is a copy.
	return &customer{len(customers), strings.Clone(fields[1]), strings.Clone(fields[0])} // guilty: duplicates
}

func duplicates() {
	cacheAndServer()
	countries := []string{"United Kingdom of Great Britain and Northern Ireland", "Democratic Republic of the Congo (Kinshasa)"}
	for i := 0; i < 90000; i++ {
		customers = append(customers, readRow(word(4, i)+";"+countries[i%100/98]))
	}
	culprit("main.customers|main.customer.country", "United Kingdom of Great Britain")
	figures(count(88200), count(88199), count(89998), bytes(90000*64, 0.15))
	hang()
}

// Segments are mapped and never unmapped; most are not even referred to any more.

type segment struct {
	name string
	data []byte
}

var openSegments []*segment

func openSegment(file *os.File, i int) *segment {
	data, err := syscall.Mmap(int(file.Fd()), 0, 1<<20, syscall.PROT_READ, syscall.MAP_SHARED) // guilty: mmap
	if err != nil {
		panic(err)
	}
	for at := 0; at < len(data); at += 4096 {
		i += int(data[at])
	}
	return &segment{fmt.Sprintf("segment %d", i), data}
}

func mmapLeak() {
	lruAndBench()
	file, err := os.CreateTemp("", "segments")
	if err != nil {
		panic(err)
	}
	os.Remove(file.Name())
	file.Truncate(1 << 20)
	for i := 0; i < 93; i++ {
		s := openSegment(file, i)
		if i%31 == 0 {
			openSegments = append(openSegments, s)
		}
	}
	culprit("syscall.Mmap|mmap", "90")
	figures(count(93), bytes(93<<20, 0.02))
	hang()
}

// The live heap is as large as GOMEMLIMIT lets it be: the collector does nothing but collect.

type order struct {
	id    int
	lines []byte
}

type orderBook struct {
	open map[int]*order
}

var orders *orderBook

func atTheLimit() {
	debug.SetMemoryLimit(48 << 20)
	cacheAndServer()
	orders = &orderBook{open: map[int]*order{}}
	for i := 0; i < 30000; i++ {
		orders.open[i] = &order{i, make([]byte, 1100)} // guilty: limit
	}
	var stats runtime.MemStats
	for round := 0; ; round++ {
		for i := 0; i < 2000; i++ {
			_ = fmt.Sprint(i, make([]byte, 500)[:1])
		}
		if runtime.ReadMemStats(&stats); stats.NumGC > 200 {
			break
		}
	}
	culprit("GOMEMLIMIT", "main.orders")
	figures(bytes(48<<20, 0.001))
	plea()
	for round := 0; ; round++ {
		_ = fmt.Sprint(round, make([]byte, 500)[:1])
	}
}

// A ticker for each connection, and none is stopped when it closes.

type peer struct {
	name string
	beat *time.Ticker
	buf  [1024]byte
}

type peerSet struct {
	all []*peer
}

func (s *peerSet) join(i int) {
	p := &peer{name: word(12, i)}
	p.beat = time.NewTicker(15 * time.Minute) // guilty: tickers
	s.all = append(s.all, p)
	go p.heartbeat()
}

func (p *peer) heartbeat() {
	for range p.beat.C {
		p.buf[0]++
	}
}

func tickers() {
	tableAndTokens()
	s := &peerSet{}
	for i := 0; i < 2300; i++ {
		s.join(i)
	}
	parked(2300, "chan receive", "main.(*peer).heartbeat")
	s.all = nil
	culprit("time.NewTicker|main.(*peer).heartbeat|main.peer.beat")
	figures(count(2300))
	hang()
}

// A timer for each request that is never stopped: each keeps its request until it fires.

type search struct {
	query string
	page  [800]byte
}

func (s *search) expire() { s.query = "" }

func find(i int) {
	s := &search{query: word(10, i)}
	time.AfterFunc(2*time.Hour, s.expire) // guilty: timers
}

func timers() {
	lruAndBench()
	for i := 0; i < 17000; i++ {
		find(i)
	}
	culprit("main.find|main.(*search).expire")
	figures(count(17000))
	hang()
}

// A defer in a loop runs when the function ends, and it never does.

type attachment struct {
	name string
	data [500]byte
}

func (a *attachment) Close() { a.name = "" }

func importAll(next func() *attachment, wait chan struct{}) {
	for a := next(); a != nil; a = next() {
		defer a.Close() // guilty: defers
	}
	<-wait
}

func defers() {
	cacheAndServer()
	i := 0
	go importAll(func() *attachment {
		if i++; i > 21000 {
			return nil
		}
		return &attachment{name: word(10, i)}
	}, make(chan struct{}))
	parked(1, "chan receive", "main.importAll")
	culprit("main.importAll", "defer")
	figures(count(21000))
	hang()
}

// A cache without a bound, beside one with.

type thumbnail struct {
	width, height int
	pixels        []byte
}

var thumbnails = map[string]*thumbnail{}

func thumbnailOf(url string) *thumbnail {
	if t := thumbnails[url]; t != nil {
		return t
	}
	t := &thumbnail{32, 32, make([]byte, 1024)}
	thumbnails[url] = t // guilty: global-map
	return t
}

func globalMap() {
	lruAndBench()
	for i := 0; i < 26000; i++ {
		thumbnailOf(fmt.Sprintf("https://img.example/%d.png", i))
	}
	culprit("main.thumbnails")
	figures(count(26000))
	hang()
}

// A few bytes of each upload are kept, and with them all of it.

type header struct {
	name  string
	magic []byte
}

type headerIndex struct {
	byName map[string]*header
}

func (h *headerIndex) add(i int) {
	upload := make([]byte, 40<<10)
	upload[0] = byte(i)
	name := word(12, i)
	h.byName[name] = &header{name, upload[:16]} // guilty: subslices
}

func subslices() {
	tableAndTokens()
	h := &headerIndex{byName: map[string]*header{}}
	for i := 0; i < 700; i++ {
		h.add(i)
	}
	culprit("main.header.magic|.byName")
	figures(count(700), bytes(700*40960, 0.01))
	hang()
	runtime.KeepAlive(h)
}

// An LRU that forgets in its map but not in its list.

type preview struct {
	key  string
	text [400]byte
}

type previewCache struct {
	limit int
	order *list.List
	items map[string]*list.Element
}

var previews *previewCache

func (c *previewCache) put(p *preview) {
	c.items[p.key] = c.order.PushFront(p)
	if len(c.items) > c.limit {
		for key := range c.items {
			if key != p.key {
				delete(c.items, key) // guilty: lru
				break
			}
		}
	}
}

func lruDisagrees() {
	cacheAndServer()
	previews = &previewCache{limit: 500, order: list.New(), items: map[string]*list.Element{}}
	for i := 0; i < 31000; i++ {
		previews.put(&preview{key: word(9, i)})
	}
	culprit("main.previews")
	figures(count(30500), count(500))
	hang()
}

// One large request made every buffer of the pool large.

var buffers = sync.Pool{New: func() any { return new([]byte) }}

func hugeBuffers() {
	tableAndTokens()
	var all []*[]byte
	for i := 0; i < 37; i++ {
		b := buffers.Get().(*[]byte)
		*b = append((*b)[:0], make([]byte, 1<<20)...) // guilty: pool
		all = append(all, b)
	}
	for _, b := range all {
		buffers.Put(b)
	}
	runtime.GC()
	culprit("main.buffers")
	figures(bytes(37<<20, 0.1))
	plea()
	select {}
}

// One finalizer waits for a lock that is never free: no other runs.

type handle struct {
	id   int
	data [900]byte
}

var closing = make(chan int)

func release(h *handle) {
	closing <- h.id // guilty: finalizer
}

func stalledFinalizer() {
	lruAndBench()
	for i := 0; i < 11000; i++ {
		h := &handle{id: i}
		runtime.SetFinalizer(h, release)
	}
	collect()
	parked(1, "chan send", "main.release")
	runtime.GC()
	culprit("finalizer", "main.release")
	figures(count(10999), count(11000))
	hang()
}

var _ = unsafe.Pointer(nil)
