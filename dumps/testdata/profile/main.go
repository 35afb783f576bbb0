// Program profile keeps the profiles of allocations, of blocking and of contention, writes them as runtime/pprof does, and crashes.
//
//	profile published|lagging|first|silent [RATE]
//
// published: two collections ended since the last allocation; lagging: none did, so that the heap profile is of an earlier state;
// first: there was no collection at all; silent: as lagging, and nobody ever asks for the profile before the end.
package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync"
	"time"

	"corescope.example/dumps/truth"
)

// Order is what the store holds: some of them for ever.
type Order struct {
	ID    int
	Next  *Order
	Lines [6]*Line
}

// Line is a part of an order, without pointers.
type Line struct {
	Price, Count, Tax int
}

// Note is allocated in one function that is inlined into another.
type Note struct {
	Text string
	To   *Note
}

type Store struct {
	mu     sync.Mutex
	orders []*Order
	byID   map[int]*Order
	buffer bytes.Buffer
}

var (
	store = &Store{byID: map[int]*Order{}}
	notes []*Note
	pairs []any
	sink  any
	// sites: the function and line that made an object, by its address.
	sites = map[string]string{}
)

// here says the function and line of its caller.
func here() string {
	pc := make([]uintptr, 1)
	runtime.Callers(2, pc)
	frame, _ := runtime.CallersFrames(pc).Next()
	return fmt.Sprintf("%s %s:%d", frame.Function, filepath.Base(frame.File), frame.Line)
}

//go:noinline
func (s *Store) add(id int) *Order {
	order, where := &Order{ID: id}, here()
	if id%100 == 0 {
		sites[fmt.Sprintf("%p", order)] = where
	}
	for i := range order.Lines {
		order.Lines[i] = newLine(id, i)
	}
	s.orders = append(s.orders, order)
	s.byID[id] = order
	return order
}

// newLine is inlined into add.
func newLine(id, i int) *Line { return &Line{Price: id, Count: i} }

// note is inlined into write, and write into its callers.
func note(text string) *Note { return &Note{Text: text} }

func write(text string) *Note {
	n := note(text)
	n.To = note("to " + text)
	return n
}

// pair is generic: its name has type arguments.
//
//go:noinline
func pair[A, B any](a A, b B) any {
	return &struct {
		A A
		B B
	}{a, b}
}

// deep allocates at the end of a stack deeper than the profile keeps.
//
//go:noinline
func deep(levels int) *Note {
	if levels == 0 {
		return write("deep")
	}
	n := deep(levels - 1)
	n.Text += "."
	return n
}

type Maker interface{ Make(int) any }
type Base struct{ made int }
type Derived struct{ *Base }

//go:noinline
func (b *Base) Make(n int) any {
	b.made++
	return make([]int, n)
}

// allocate fills the store; of what it makes besides, nothing stays.
func allocate(from, to int) {
	var maker Maker = Derived{&Base{}}
	make1 := maker.Make
	for id := from; id < to; id++ {
		store.add(id)
		sink = maker.Make(40)
		sink = make1(20)
		sink = strings.Repeat("x", 100+id%50)
		fmt.Fprintf(&store.buffer, "order %d of %d\n", id, to)
		if id%10 == 0 {
			notes = append(notes, write(strconv.Itoa(id)))
			notes = append(notes, deep(5+id%60))
			pairs = append(pairs, pair(id, "x"), pair("y", 2.5))
			func() { sink = new([100]*int) }()
		}
	}
}

// meet makes goroutines wait for each other: on channels, locks, a condition, a group.
func meet() {
	var all sync.WaitGroup
	channel := make(chan int)
	all.Add(1)
	go func() {
		defer all.Done()
		for n := range channel {
			_ = n
			time.Sleep(time.Millisecond)
		}
	}()
	for i := 0; i < 8; i++ {
		send(channel, i)
	}
	close(channel)
	all.Wait()
	waitInSelect()
	contend(&store.mu)
	var rw sync.RWMutex
	contend(&rw)
	contend(rw.RLocker())
	condition := sync.NewCond(&store.mu)
	ready := false
	all.Add(1)
	go func() {
		defer all.Done()
		time.Sleep(time.Millisecond)
		store.mu.Lock()
		ready = true
		condition.Broadcast()
		store.mu.Unlock()
	}()
	store.mu.Lock()
	for !ready {
		condition.Wait()
	}
	store.mu.Unlock()
	all.Wait()
}

// send is inlined.
func send(channel chan int, n int) { channel <- n }

func waitInSelect() {
	done := make(chan bool)
	go func() {
		time.Sleep(2 * time.Millisecond)
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(time.Minute):
	}
}

// locked is inlined into the goroutines of contend.
func locked(lock sync.Locker, work func()) {
	lock.Lock()
	defer lock.Unlock()
	work()
}

func contend(lock sync.Locker) {
	var all sync.WaitGroup
	lock.Lock()
	for i := 0; i < 4; i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			locked(lock, func() { time.Sleep(time.Millisecond) })
		}()
	}
	time.Sleep(3 * time.Millisecond)
	lock.Unlock()
	all.Wait()
}

// written is a profile as runtime/pprof writes it: for programs, and for people.
func written(name string) map[string]string {
	var proto, text bytes.Buffer
	pprof.Lookup(name).WriteTo(&proto, 0)
	pprof.Lookup(name).WriteTo(&text, 1)
	return map[string]string{"proto": base64.StdEncoding.EncodeToString(proto.Bytes()), "text": text.String()}
}

func main() {
	mode := os.Args[1]
	debug.SetGCPercent(-1)
	runtime.MemProfileRate = 512
	if len(os.Args) > 2 {
		runtime.MemProfileRate, _ = strconv.Atoi(os.Args[2])
	}
	runtime.SetBlockProfileRate(1)
	runtime.SetMutexProfileFraction(1)
	allocate(0, 2000)
	if mode != "first" {
		runtime.GC()
		runtime.GC()
		allocate(2000, 3000)
	}
	if mode == "published" {
		runtime.GC()
		runtime.GC()
	}
	meet()
	runtime.SetBlockProfileRate(0)
	runtime.SetMutexProfileFraction(0)
	said := map[string]map[string]string{}
	if mode != "silent" {
		for _, name := range []string{"heap", "block", "mutex"} {
			said[name] = written(name)
		}
	}
	truth.Say("profiles", said)
	truth.Say("sites", sites)
	truth.Say("sampled", map[string]int{"rate": runtime.MemProfileRate})
	runtime.SetBlockProfileRate(1)
	runtime.SetMutexProfileFraction(7)
	runtime.KeepAlive(store)
	panic("out of orders")
}
