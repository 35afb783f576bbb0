// things makes values that a Go programmer calls one thing and the runtime makes of several objects, each of a type of its
// own, and says how many there are; and objects whose type only one mechanism of the runtime knows.
package main

import (
	"bufio"
	"bytes"
	"os"
	"reflect"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"unsafe"

	"corescope.example/dumps/truth"
)

// values says how many values of each type there are; others how many objects nothing else names.
var values = map[string]int{}
var types = map[string]int{}
var lock sync.Mutex
var addresses = map[string][]string{}

// rec notes that p is one of the objects of *p's type and gives it back.
func rec[T any](p *T) *T {
	lock.Lock()
	defer lock.Unlock()
	name := reflect.TypeOf(p).Elem().String()
	types[name]++
	if len(addresses[name]) < 100 {
		addresses[name] = append(addresses[name], "0x"+strconv.FormatUint(uint64(uintptr(unsafe.Pointer(p))), 16))
	}
	runtime.KeepAlive(p)
	return p
}

var exhibits = []func(){oneGroup, huge, empty, plain, boxed, wide, onStacks, syncMaps, channels, buffers, finalizerCycle, deferring, capturing, heldByStacks}

var never = make(chan int)
var started sync.WaitGroup

//go:noinline
func block() {
	started.Done()
	<-never
}

// ---- maps ----

type (
	Small    string
	Huge     string
	Empty    string
	Plain    uint32
	Boxed    string
	Wide     [20]int64
	Stacked  uint64
	Stacked2 string
	Grown    string
	Dropped  string
	Odd      float64
)

type Entry struct {
	Self *Entry
	N    int
}

var smalls []map[Small]*Entry
var huges []map[Huge]*Entry
var empties []map[Empty]int
var plains []map[Plain]int32
var boxes []any
var wides map[Wide]Wide
var odds map[Odd]*Entry

func oneGroup() {
	for i := 0; i < 40; i++ {
		m := map[Small]*Entry{}
		for k := 0; k < i%8; k++ {
			m[Small(strconv.Itoa(k))] = &Entry{N: k}
		}
		smalls = append(smalls, m)
	}
	values["map[main.Small]*main.Entry"] = 40
}

func huge() {
	entry := &Entry{}
	for i := 0; i < 3; i++ {
		bytes := allocated(func() {
			m := make(map[Huge]*Entry)
			for k := 0; k < 20_000; k++ {
				m[""+Huge(keys[k])] = entry
			}
			huges = append(huges, m)
		})
		hugeBytes += bytes
	}
	values["map[main.Huge]*main.Entry"] = 3
}

// Bytes that the huge maps took, by MemStats.
var hugeBytes uint64

var keys = func() []string {
	list := make([]string, 20_000)
	for i := range list {
		list[i] = strconv.Itoa(i)
	}
	return list
}()

var stats runtime.MemStats

func allocated(work func()) uint64 {
	runtime.GC()
	runtime.ReadMemStats(&stats)
	before := stats.HeapAlloc
	work()
	runtime.GC()
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc - before
}

func empty() {
	for i := 0; i < 50; i++ {
		empties = append(empties, map[Empty]int{})
	}
	values["map[main.Empty]int"] = 50
}

// Neither keys nor values have pointers: until Go 1.23 overflow buckets are kept by lists only.
func plain() {
	for i := 0; i < 20; i++ {
		m := make(map[Plain]int32)
		for k := 0; k < 50*i+1000; k++ {
			m[Plain(k*2654435761)] = int32(k)
		}
		plains = append(plains, m)
	}
	values["map[main.Plain]int32"] = 20
}

func boxed() {
	for i := 0; i < 30; i++ {
		boxes = append(boxes, map[Boxed]bool{"it": i%2 == 0})
	}
	values["map[main.Boxed]bool"] = 30
}

// Keys and values behind pointers, and chains: a NaN is never found again.
func wide() {
	wides = map[Wide]Wide{}
	odds = map[Odd]*Entry{}
	var zero Odd
	for i := 0; i < 100; i++ {
		wides[Wide{int64(i)}] = Wide{}
		odds[zero/zero] = &Entry{N: i}
	}
	values["map[main.Wide]main.Wide"] = 1
	values["map[main.Odd]*main.Entry"] = 1
}

// Headers on stacks: of the map only what growing made is in the heap.
func onStacks() {
	for i := 0; i < 4; i++ {
		started.Add(2)
		go func() {
			m := make(map[Stacked]*Entry)
			for k := Stacked(0); k < 500; k++ {
				m[k] = smallEntry
			}
			block()
			for k := range m {
				println(k)
			}
		}()
		go func() {
			m := make(map[Stacked2]int)
			for k := 0; k < 500; k++ {
				m[Stacked2(keys[k])] = k
			}
			block()
			for k := range m {
				println(string(k))
			}
		}()
	}
	values["map[main.Stacked]*main.Entry"] = 4
	values["map[main.Stacked2]int"] = 4
}

var smallEntry = &Entry{}

// ---- sync.Map ----

type Holder struct {
	Name   string
	First  sync.Map
	Second sync.Map
}

var syncAlone []*sync.Map
var holders []*Holder
var holderList []Holder
var syncGlobal sync.Map

func syncMaps() {
	fill := func(m *sync.Map, n int) {
		for i := 0; i < n; i++ {
			m.Store(i, strconv.Itoa(i))
		}
		// Promotes what was the dirty map, and begins another one.
		for i := 0; i < n+1; i++ {
			m.Load(-i - 1)
		}
		m.Store(-1, "again")
	}
	for i := 0; i < 5; i++ {
		m := new(sync.Map)
		fill(m, 10*i+1)
		syncAlone = append(syncAlone, m)
		h := &Holder{Name: "holder"}
		fill(&h.First, 20)
		fill(&h.Second, 3)
		holders = append(holders, h)
	}
	holderList = make([]Holder, 3)
	for i := range holderList {
		fill(&holderList[i].Second, 40)
	}
	fill(&syncGlobal, 100)
	values["sync.Map"] = 5 + 10 + 3 + 1
	types["main.Holder"] = 5
	types["[]main.Holder"] = 1
}

// ---- channels, builders, buffers ----

type Message struct {
	From, To string
	Next     *Message
}
type Number int64

var queues []chan Message
var numbers []chan Number

func channels() {
	for i := 0; i < 20; i++ {
		c := make(chan Message, 16)
		c <- Message{From: "a"}
		queues = append(queues, c)
		numbers = append(numbers, make(chan Number, 4*i))
	}
	values["chan main.Message"] = 20
	values["chan main.Number"] = 20
}

type Page struct {
	Title string
	Text  strings.Builder
	Raw   bytes.Buffer
}

var builders []*strings.Builder
var pages []*Page
var readers []*bufio.Reader
var writers []*bufio.Writer
var log bytes.Buffer

func buffers() {
	for i := 0; i < 6; i++ {
		b := &strings.Builder{}
		b.WriteString(strings.Repeat("x", 1000))
		builders = append(builders, b)
		p := &Page{Title: "page"}
		p.Text.WriteString(strings.Repeat("y", 2000))
		p.Raw.WriteString(strings.Repeat("z", 500))
		pages = append(pages, p)
	}
	for i := 0; i < 3; i++ {
		readers = append(readers, bufio.NewReader(os.Stdin))
		writers = append(writers, bufio.NewWriter(os.Stderr))
	}
	log.WriteString(strings.Repeat("log", 100))
	values["strings.Builder"] = 12
	values["bytes.Buffer"] = 7
	values["bufio.Reader"] = 3
	values["bufio.Writer"] = 3
	types["main.Page"] = 6
}

// ---- what only the finalizer knows ----

type OnlyCycle struct {
	Peer *OnlyCyclePeer
	Name string
}
type OnlyCyclePeer struct {
	Back *OnlyCycle
	Tail []OnlyCycleTail
}
type OnlyCycleTail struct{ A, B *int }

// A circle through an object with a finalizer is never collected: nothing but the finalizer leads to it.
//
//go:noinline
func finalizerCycle() {
	for i := 0; i < 200; i++ {
		a := rec(&OnlyCycle{Name: "cycle"})
		a.Peer = rec(&OnlyCyclePeer{Back: a, Tail: make([]OnlyCycleTail, 8)})
		runtime.SetFinalizer(a, func(*OnlyCycle) {})
		types["[]main.OnlyCycleTail"]++
	}
}

// ---- what only the code that makes a closure knows: before Go 1.23 all they capture, later what the compiler wraps ----

type OnlyDeferred struct {
	Self *OnlyDeferred
	ID   int
}
type OnlyMethod struct {
	Self *OnlyMethod
	Pad  [7]int
}
type OnlyDynamic struct {
	Self *OnlyDynamic
	Pad  [3]int
}
type OnlyCaptured struct {
	Self *OnlyCaptured
	Pad  [11]int
}
type OnlyMoved struct {
	Self *OnlyMoved
	Pad  [5]int
}

//go:noinline
func release(n int, d *OnlyDeferred, why string) { println(n, d.ID, why) }

//go:noinline
func (m *OnlyMethod) close(n int) { m.Pad[0] = n }

//go:noinline
func (d *OnlyDynamic) Close() error { return nil }

//go:noinline
func hold(n int) {
	for i := 0; i < n; i++ {
		d := rec(&OnlyDeferred{ID: i})
		d.Self = d
		m := rec(&OnlyMethod{})
		m.Self = m
		c := rec(&OnlyDynamic{})
		c.Self = c
		var closer interface{ Close() error } = c
		if n > 100 {
			closer = os.Stdin
		}
		defer release(i, d, "end")
		defer m.close(i)
		defer closer.Close()
	}
	block()
}

func deferring() {
	for i := 0; i < 5; i++ {
		started.Add(1)
		go hold(10)
		started.Wait()
	}
}

var callbacks []func() int

func capturing() {
	for i := 0; i < 40; i++ {
		c := rec(&OnlyCaptured{})
		c.Self = c
		m := rec(&OnlyMoved{})
		m.Self = m
		n := i
		callbacks = append(callbacks, func() int {
			n++
			if n > 1000 {
				m = nil
			}
			return n + c.Pad[3] + m.Pad[2]
		})
	}
}

// ---- garbage ----

var grown map[Grown]*Entry

// After the last collection: a map that grew left its old parts behind, others are dropped whole.
//
//go:noinline
func leave() {
	grown = map[Grown]*Entry{}
	for k := 0; k < 2000; k++ {
		grown[Grown(keys[k])] = smallEntry
	}
	for i := 0; i < 5; i++ {
		m := make(map[Dropped]*Entry, 500)
		for k := 0; k < 500; k++ {
			m[Dropped(keys[k])] = smallEntry
		}
		dropped = m
	}
	dropped = nil
}

var dropped map[Dropped]*Entry

func main() {
	runtime.GOMAXPROCS(2)
	for i := range exhibits {
		exhibits[i]()
	}
	started.Wait()
	truth.Settle()
	debug.SetGCPercent(-1)
	leave()
	values["map[main.Grown]*main.Entry"] = 1
	truth.Types(types)
	truth.Say("values", values)
	truth.Say("addresses", addresses)
	truth.Say("hugeBytes", hugeBytes)
	truth.Say("stacked", stackedObjects)
	panic("nothing is one thing")
}
