// endings HOW ends in a way whose place and culprit are known: comments "at NAME" mark the lines that the tests look for.
//
//	endings rethrow|wrap|same|nested|library|assign|iterate|field|local|sendclosed|closetwice|closenil|closelocal
//	endings nilmap|nilparam|nilfield|nilglobal|nilcall|nilelement|single|mutual|stringer|pending
package main

import (
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"time"
)

type order struct {
	id    int
	items []string
	next  *order
	buyer *person
}

type person struct {
	name string
	home *address
}

type address struct{ street, town string }

type handler func(o *order) error

// server has a middleware, as web frameworks do, that logs a panic and panics again.
type server struct {
	mu      sync.Mutex
	byID    map[int]*order
	names   map[string]int
	unmade  map[string]int
	events  chan *order
	done    chan struct{}
	absent  chan int
	current *order
	log     []string
}

var shop = &server{byID: map[int]*order{}, names: map[string]int{}, events: make(chan *order), done: make(chan struct{})}
var counts = map[string]int{}
var sink any
var stop bool

//go:noinline
func (s *server) recovering(next handler, again func(any)) handler {
	return func(o *order) error {
		defer func() {
			if r := recover(); r != nil {
				s.log = append(s.log, fmt.Sprint(r))
				again(r) // at again
			}
		}()
		return next(o)
	}
}

//go:noinline
func (s *server) checkout(o *order) error {
	sink = o.items[o.id] // at checkout
	return nil
}

//go:noinline
func (s *server) discount(o *order) error {
	sink = strings.Repeat("x", -o.id) // at discount
	return nil
}

//go:noinline
func (s *server) cleanup(o *order) error {
	defer func() {
		panic(errors.New("cannot clean up")) // at cleanup
	}()
	return s.checkout(o)
}

// crowd runs so many of a function at once, until one of them ends the process.
func crowd(count int, run func()) {
	for i := 0; i < count; i++ {
		go run()
	}
	time.Sleep(20 * time.Second)
	panic("nothing noticed it")
}

//go:noinline
func count(word string) {
	for !stop {
		counts[word]++ // at assign
	}
}

//go:noinline
func sum() {
	for !stop {
		for word, n := range counts { // at iterate
			sink = word
			_ = n
		}
	}
}

//go:noinline
func (s *server) put(o *order) {
	for !stop {
		s.byID[o.id] = o // at field
	}
}

//go:noinline
func (s *server) get(id int) *order {
	var last *order
	for !stop {
		last = s.byID[id] // at get
	}
	return last
}

func local() {
	seen := map[int]bool{}
	crowd(4, func() {
		for i := 0; !stop; i++ {
			seen[i%8] = true // at local
		}
	})
}

//go:noinline
func (s *server) publish(o *order) {
	s.events <- o // at sendclosed
}

//go:noinline
func (s *server) shutdown() {
	close(s.done) // at closetwice
}

//go:noinline
func (s *server) reset() {
	close(s.absent) // at closenil
}

//go:noinline
func (s *server) remember(name string) {
	s.unmade[name]++ // at nilmap
}

//go:noinline
func finish(results chan string) {
	results <- "done"
	close(results)
	close(results) // at closelocal
}

//go:noinline
func town(p *person) string {
	return p.home.town // at nilfield
}

//go:noinline
func nameOf(p *person) string {
	return p.name // at nilparam
}

//go:noinline
func (s *server) street() string {
	return s.current.buyer.home.street // at nilglobal
}

//go:noinline
func call(run func() int) int {
	return run() // at nilcall
}

//go:noinline
func element(orders map[int]*order, id int) int {
	return orders[id].id // at nilelement
}

//go:noinline
func single(n int, o *order) int {
	var room [64]int
	room[n%64] = n
	return single(n+1, o) + room[n%7] // at single
}

//go:noinline
func (s *server) visit(o *order, depth int) int {
	return s.follow(o.next, depth+1) + 1 // at visit
}

//go:noinline
func (s *server) follow(o *order, depth int) int {
	return s.enter(o, depth) + 1
}

//go:noinline
func (s *server) enter(o *order, depth int) int {
	return s.visit(o, depth) + depth
}

type tag struct{ n int }

func (t tag) String() string { return fmt.Sprintf("<%v>", tag{t.n + 1}) } // at stringer

type lease struct {
	name string
	n    int
}

//go:noinline
func (l *lease) free() { sink = l }

//go:noinline
func note(name string, n int, o *order) { sink = name }

// pending has calls put off in several ways, and waits.
//
//go:noinline
func pending(count int, lock *sync.Mutex, group *sync.WaitGroup) {
	defer group.Done() // at done
	for i := 0; i < count; i++ {
		l := &lease{name: fmt.Sprint("lease ", i), n: i}
		defer l.free() // at free
	}
	for i := 0; i < 3; i++ {
		o := &order{id: 100 + i}
		defer note("noted", i, o) // at note
	}
	text := strings.Repeat("t", count)
	defer func() { sink = text }() // at closure
	lock.Lock()                    // at pending
}

func serve(h handler, o *order) {
	if err := h(o); err != nil {
		panic(err)
	}
}

func main() {
	debug.SetMaxStack(1 << 22)
	o := &order{id: 7, items: []string{"a"}, buyer: &person{name: "ann"}}
	o.next = o
	shop.current = o
	panics := func(r any) { panic(r) }                                 // at repanic
	wraps := func(r any) { panic(fmt.Errorf("while serving: %v", r)) } // at wrap
	switch os.Args[1] {
	case "same":
		serve(shop.recovering(shop.checkout, panics), o)
	case "rethrow":
		close(shop.events)
		serve(shop.recovering(func(o *order) error { shop.publish(o); return nil }, wraps), o)
	case "wrap":
		serve(shop.recovering(shop.recovering(shop.checkout, wraps), wraps), o)
	case "library":
		serve(shop.recovering(shop.discount, wraps), o)
	case "nested":
		serve(shop.cleanup, o)
	case "assign":
		crowd(4, func() { count("a") })
	case "iterate":
		counts["b"], counts["c"] = 1, 2
		go count("a")
		crowd(3, sum)
	case "field":
		go shop.put(o)
		crowd(3, func() { sink = shop.get(7) })
	case "local":
		local()
	case "sendclosed":
		close(shop.events)
		shop.publish(o)
	case "closetwice":
		shop.shutdown()
		shop.shutdown()
	case "closenil":
		shop.reset()
	case "closelocal":
		finish(make(chan string, 1))
	case "nilmap":
		shop.remember("ann")
	case "nilparam":
		sink = nameOf(o.next.buyer.homeOwner())
	case "nilfield":
		sink = town(o.buyer)
	case "nilglobal":
		sink = shop.street()
	case "nilcall":
		sink = call(nil)
	case "nilelement":
		sink = element(shop.byID, 3)
	case "single":
		sink = single(0, o)
	case "mutual":
		sink = shop.visit(o, 0)
	case "stringer":
		sink = tag{0}.String()
	case "pending":
		var lock sync.Mutex
		var group sync.WaitGroup
		lock.Lock()
		group.Add(1)
		go pending(20, &lock, &group)
		for i := 0; i < 50; i++ {
			time.Sleep(time.Millisecond)
		}
		panic("now")
	}
}

//go:noinline
func (p *person) homeOwner() *person {
	if p.home == nil {
		return nil
	}
	return p
}
