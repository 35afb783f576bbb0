// classics is a small service that dies of one classic memory failure, healthy holders beside the culprit.
// Usage: classics FAILURE; what corescope's suspects has to name is said as truth "culprit".
package main

import (
	"container/list"
	"context"
	"fmt"
	"math/rand"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"corescope.example/dumps/truth"
)

const mega = 1 << 20

// ── healthy holders ─────────────────────────────────────────────────────────

type product struct {
	ID    int
	Title string
	Price float64
	Tags  []string
}

type item struct {
	key  string
	body []byte
}

// lru is bounded: it holds max items and drops the oldest.
type lru struct {
	mu    sync.Mutex
	max   int
	order *list.List
	items map[string]*list.Element
}

func (c *lru) put(key string, body []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.items[key] = c.order.PushFront(&item{key, body})
	if c.order.Len() > c.max {
		last := c.order.Remove(c.order.Back()).(*item)
		delete(c.items, last.key)
	}
}

type session struct {
	User    string
	Token   [16]byte
	Seen    time.Time
	Expires time.Time
	Basket  []int
}

type sessions struct {
	mu   sync.RWMutex
	byID map[string]*session
}

// catalog is loaded once, when the service starts.
var catalog = map[int]*product{}
var pages = &lru{max: 4000, order: list.New(), items: map[string]*list.Element{}}
var live = &sessions{byID: map[string]*session{}}
var ring = make([][]byte, 64)
var geo []float64

func healthy(scale int) {
	for i := 0; i < 30000*scale; i++ {
		catalog[i] = &product{i, "product " + strconv.Itoa(i), float64(i) / 7, []string{"a", "b" + strconv.Itoa(i%7)}}
	}
	geo = make([]float64, 600_000*scale)
	for i := range ring {
		ring[i] = make([]byte, 64<<10*scale)
	}
	for i := 0; i < 12000; i++ {
		serve(i, scale)
	}
}

// serve is one healthy request: a page, a session, garbage.
func serve(i, scale int) {
	pages.put("/page/"+strconv.Itoa(i), make([]byte, 900*scale))
	now := time.Now()
	live.byID["s"+strconv.Itoa(i)] = &session{User: "user" + strconv.Itoa(i%500), Seen: now, Expires: now.Add(20 * time.Minute), Basket: make([]int, 60*scale)}
	if i > 6000 {
		delete(live.byID, "s"+strconv.Itoa(i-6000))
	}
	scratch = scratch[:0]
	for j := 0; j < 20; j++ {
		scratch = append(scratch, &trace{name: strconv.Itoa(j), tags: make([]string, j)})
	}
}

var scratch []*trace

// ── failures ────────────────────────────────────────────────────────────────

type rendered struct {
	at   time.Time
	html []byte
}

// templates never forgets.
var templates = struct {
	sync.Mutex
	byURL map[string]*rendered
}{byURL: map[string]*rendered{}}

func cacheWithoutEviction() {
	for i := 0; i < 30000; i++ {
		templates.byURL["/item?id="+strconv.Itoa(i)+"&ref="+strconv.Itoa(i*7)] = &rendered{time.Now(), make([]byte, 800)}
	}
}

type request struct {
	id   int
	path string
	body []byte
}

var databaseLock sync.Mutex

func handleRequest(r *request) {
	parsed := strings.Fields(r.path)
	databaseLock.Lock()
	r.body[0] = byte(len(parsed))
	databaseLock.Unlock()
	runtime.KeepAlive(r)
}

func blockedGoroutines() {
	databaseLock.Lock()
	for i := 0; i < 600; i++ {
		go handleRequest(&request{i, "GET /orders/" + strconv.Itoa(i), make([]byte, 48<<10)})
	}
}

var firstLines []string

func pinnedStrings() {
	for i := 0; i < 700; i++ {
		document := strings.Repeat("<p>lorem ipsum "+strconv.Itoa(i)+"</p>\n", 3000)
		firstLines = append(firstLines, document[:len("<p>lorem ipsum ")+len(strconv.Itoa(i))])
	}
}

type packet struct{ header []byte }

var headers []packet

func pinnedSlices() {
	for i := 0; i < 700; i++ {
		datagram := make([]byte, 60<<10)
		headers = append(headers, packet{datagram[:20]})
	}
}

var root, stop = context.WithCancel(context.Background())

func neverCancelled() {
	for i := 0; i < 60000; i++ {
		ctx, _ := context.WithCancel(context.WithValue(root, "request", make([]byte, 300)))
		_ = ctx
	}
}

func startSession(id int) {
	state := make([]byte, 4<<10)
	time.AfterFunc(24*time.Hour, func() { state[0] = byte(id) })
}

func timersNeverStopped() {
	for i := 0; i < 9000; i++ {
		startSession(i)
	}
}

var inflight = map[string]*request{}

func mapThatWasHuge() {
	for i := 0; i < 600000; i++ {
		inflight["request-"+strconv.Itoa(i)] = nil
	}
	for i := 0; i < 599000; i++ {
		delete(inflight, "request-"+strconv.Itoa(i))
	}
}

type event struct {
	kind    string
	payload []byte
}

var auditQueue = make(chan *event, 20000)

func fullChannel() {
	for i := 0; i < 20000; i++ {
		auditQueue <- &event{"login", make([]byte, 1800)}
	}
	for i := 0; i < 40; i++ {
		go publish(i)
	}
}

func publish(i int) { auditQueue <- &event{"late " + strconv.Itoa(i), nil} }

var onShutdown []func() error

func registerHook(body []byte) {
	onShutdown = append(onShutdown, func() error { _, err := os.Stderr.Write(body[:0]); return err })
}

func callbacks() {
	for i := 0; i < 9000; i++ {
		registerHook(make([]byte, 4<<10))
	}
}

type handle struct {
	fd  int
	buf []byte
}

var never = make(chan int)

func closeHandle(h *handle) {
	if h.fd == 0 {
		<-never
	}
}

func stuckFinalizer() {
	for i := 0; i < 9000; i++ {
		h := &handle{i % 1000, make([]byte, 4<<10)}
		runtime.SetFinalizer(h, closeHandle)
	}
	for i := 0; i < 4; i++ {
		runtime.GC()
		time.Sleep(20 * time.Millisecond)
	}
}

type metric struct{ name, unit, host string }

var metrics []metric

func duplicateStrings() {
	for i := 0; i < 250000; i++ {
		metrics = append(metrics, metric{fmt.Sprint("http_requests_duration_seconds_bucket_", i%3), fmt.Sprint("milliseconds ", i%2), fmt.Sprint("web-frontend-", i%5, ".example.com")})
	}
}

func descend(n int, wait chan int) int {
	var pad [256]byte
	if n == 0 {
		<-wait
		return int(pad[0])
	}
	pad[n%256] = byte(n)
	return descend(n-1, wait) + int(pad[(n+1)%256])
}

func deepStacks() {
	for i := 0; i < 300; i++ {
		go descend(800, never)
	}
}

var burst [][]byte

func freeHeap() {
	debug.SetGCPercent(-1)
	for i := 0; i < 3000; i++ {
		burst = append(burst, make([]byte, 64<<10))
	}
	for i := range burst {
		burst[i][0] = 1
	}
	burst = nil
}

// subscribers is the planted leak: a small part of a large and healthy heap.
type subscriber struct {
	topic  string
	closed bool
	last   time.Time
	queue  []byte
}

type broker struct {
	mu          sync.Mutex
	subscribers []*subscriber
}

var events broker

func planted() {
	for i := 0; i < 6000; i++ {
		events.subscribers = append(events.subscribers, &subscriber{"topic " + strconv.Itoa(i), i < 5900, time.Now(), make([]byte, 900)})
	}
}

var bodies = sync.Pool{New: func() any { b := make([]byte, 64<<10); return &b }}

// poolOfGiants puts buffers back that one burst made large.
func poolOfGiants() {
	var all []*[]byte
	for i := 0; i < 500; i++ {
		b := bodies.Get().(*[]byte)
		(*b)[0] = 1
		all = append(all, b)
	}
	for _, b := range all {
		bodies.Put(b)
	}
}

var archive [][]byte

// atLimit fills the heap up to GOMEMLIMIT.
func atLimit() {
	debug.SetMemoryLimit(90 * mega)
	for i := 0; i < 850; i++ {
		archive = append(archive, make([]byte, 64<<10))
		archive[i][0] = 1
	}
}

var arena []byte

// nativeMemory is memory that Go does not count: as cgo libraries and mapped files have it.
func nativeMemory() {
	arena, _ = syscall.Mmap(-1, 0, 150*mega, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	for i := 0; i < len(arena); i += 4096 {
		arena[i] = 1
	}
}

// room is the size of the allocation that n bytes get.
func room(n int) int { return cap(append([]byte(nil), make([]byte, n)...)) }

// sayWaste computes what the failures about waste waste, each from its own variables.
func sayWaste() {
	capacity, pinned, duplicate := 0, 0, 0
	for _, p := range headers {
		capacity += cap(p.header) - len(p.header)
	}
	for _, line := range firstLines {
		pinned += room(pageBytes(line)) - len(line)
	}
	seen := map[string]bool{}
	for _, m := range metrics {
		for _, text := range []string{m.name, m.unit, m.host} {
			if seen[text] {
				duplicate += room(len(text))
			}
			seen[text] = true
		}
	}
	truth.Say("waste", map[string]int{"main.packet.header slice capacity": capacity, "[]string pinned array": pinned, "main.metric duplicate strings": duplicate})
}

// pageBytes is the length of the document that a first line was cut from.
func pageBytes(line string) int {
	return 3000 * len(line+"</p>\n")
}

// trace is one of the requests that were never finished.
type trace struct {
	id    uint64
	name  string
	start time.Time
	tags  []string
	body  []byte
}

type tracer struct {
	mu   sync.Mutex
	open map[uint64]*trace
}

var tracing = &tracer{open: map[uint64]*trace{}}

func plantedTraces() {
	for i := 0; i < 6500; i++ {
		serve(12000+i, 2)
		t := &trace{uint64(i), "GET /cart/" + strconv.Itoa(i%97), time.Now(), []string{"a"}, make([]byte, 900)}
		tracing.open[t.id] = t
	}
}

func forward(job []byte) { <-never; job[0] = 1 }

func plantedGoroutines() {
	for i := 0; i < 220; i++ {
		serve(12000+i, 2)
		go forward(make([]byte, 28<<10))
	}
}

func main() {
	failures := map[string]struct {
		run   func()
		scale int
		names []string
	}{
		"cache":      {cacheWithoutEviction, 1, []string{"main.templates"}},
		"blocked":    {blockedGoroutines, 1, []string{"main.handleRequest"}},
		"strings":    {pinnedStrings, 1, []string{"main.firstLines"}},
		"slices":     {pinnedSlices, 1, []string{"main.headers"}},
		"contexts":   {neverCancelled, 1, []string{"main.root"}},
		"timers":     {timersNeverStopped, 1, []string{"main.startSession"}},
		"oncehuge":   {mapThatWasHuge, 1, []string{"main.inflight"}},
		"channel":    {fullChannel, 1, []string{"main.auditQueue"}},
		"callbacks":  {callbacks, 1, []string{"main.onShutdown"}},
		"finalizer":  {stuckFinalizer, 1, []string{"main.closeHandle"}},
		"duplicates": {duplicateStrings, 1, []string{"main.metrics"}},
		"stacks":     {deepStacks, 1, []string{"main.descend"}},
		"free":       {freeHeap, 1, []string{"free"}},
		"pool":       {poolOfGiants, 1, []string{"main.bodies"}},
		"limit":      {atLimit, 1, []string{"memory limit"}},
		"native":     {nativeMemory, 1, []string{"outside Go's heap"}},
		"planted":    {planted, 2, []string{"main.events"}},
		"traces":     {plantedTraces, 2, []string{"main.tracing"}},
		"forwarders": {plantedGoroutines, 2, []string{"main.forward"}},
	}
	rand.Seed(1)
	chosen, ok := failures[os.Args[1]]
	if !ok {
		panic("no failure " + os.Args[1])
	}
	healthy(chosen.scale)
	runtime.GC()
	chosen.run()
	sayWaste()
	scratch = nil
	if os.Args[1] == "free" {
		debug.SetGCPercent(100)
		runtime.GC()
	} else if os.Args[1] != "pool" {
		runtime.GC()
		runtime.GC()
	}
	time.Sleep(50 * time.Millisecond)
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	truth.Say("culprit", chosen.names)
	truth.Say("heapAlloc", stats.HeapAlloc)
	panic("classics: " + os.Args[1])
}
