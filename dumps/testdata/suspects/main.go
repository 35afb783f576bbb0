// suspects is a heap with one accumulation in it that is easily described wrongly, and nothing else of size.
// Usage: suspects SHAPE; what has to be said of it is said as truth "count", "thing" and "holder".
package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"sort"
	"strconv"
	"time"

	"corescope.example/dumps/truth"
)

type server struct{ ctx context.Context }

var s server
var stop context.CancelFunc

type requestID int

const contexts = 5000

// derive makes children of one context, or of none, that nobody cancels.
func derive(child func(i int) context.Context) {
	for i := 0; i < contexts; i++ {
		_ = child(i)
	}
	truth.Say("count", contexts)
	truth.Say("thing", "contexts")
}

func withTimeout(parent context.Context) context.Context {
	ctx, _ := context.WithTimeout(parent, 3*time.Hour)
	return ctx
}

func withCancel(parent context.Context) context.Context {
	ctx, _ := context.WithCancel(parent)
	return ctx
}

// node is a B-tree's: few of them, many keys in each.
type node struct {
	items    []*keyIndex
	children []*node
}

type keyIndex struct {
	key      []byte
	modified int64
	versions []int64
}

type tree struct{ root *node }

type store struct {
	index *tree
	name  string
}

var kv = &store{index: &tree{}, name: "kv"}

const keys = 60000

func build(items []*keyIndex) *node {
	if len(items) <= 48 {
		return &node{items: append([]*keyIndex(nil), items...)}
	}
	n := &node{}
	step := (len(items) + 31) / 32
	if len(items) <= 32*48 {
		step = 48
	}
	for at := 0; at < len(items); at += step + 1 {
		end := min(at+step, len(items))
		n.children = append(n.children, build(items[at:end]))
		if end < len(items) {
			n.items = append(n.items, items[end])
		}
	}
	return n
}

func min(a, b int) int {
	if a < b {
		return a
	}
	return b
}

func indexKeys() {
	items := make([]*keyIndex, keys)
	for i := range items {
		items[i] = &keyIndex{[]byte("/registry/pods/" + strconv.Itoa(i)), int64(i), make([]int64, 3)}
	}
	sort.Slice(items, func(a, b int) bool { return string(items[a].key) < string(items[b].key) })
	kv.index.root = build(items)
	truth.Say("count", keys)
	truth.Say("thing", "main.keyIndex")
	truth.Say("holder", "main.kv.index")
}

// twoHolders: one large part inside of a larger one, the rest beside it.
type twoHolders struct {
	sessions map[string]*session
	audit    []*entry
}

type session struct {
	user string
	buf  []byte
}

type entry struct {
	what string
	at   time.Time
}

var both = &twoHolders{sessions: map[string]*session{}}

func fillBoth() {
	for i := 0; i < 20000; i++ {
		both.sessions["user-"+strconv.Itoa(i)] = &session{strconv.Itoa(i), make([]byte, 500)}
		both.audit = append(both.audit, &entry{"login " + strconv.Itoa(i), time.Now()})
	}
	truth.Say("count", 20000)
	truth.Say("thing", "main.session")
	truth.Say("holder", "main.both.sessions")
}

// ticket hangs in two variables, so that neither holds it alone.
type ticket struct {
	number int
	text   []byte
}

var byNumber = map[int]*ticket{}
var inOrder []*ticket

func fillShared() {
	for i := 0; i < 20000; i++ {
		t := &ticket{i, make([]byte, 200)}
		byNumber[i] = t
		inOrder = append(inOrder, t)
	}
	truth.Say("count", 20000)
	truth.Say("thing", "main.ticket")
	truth.Say("holder", "main.byNumber")
	truth.Say("other", "main.inOrder")
}

func main() {
	s.ctx, stop = context.WithCancel(context.Background())
	shapes := map[string]func(){
		"timeout": func() {
			derive(func(int) context.Context { return withTimeout(s.ctx) })
			truth.Say("holder", "main.s.ctx")
		},
		"cancel": func() {
			derive(func(int) context.Context { return withCancel(s.ctx) })
			truth.Say("holder", "main.s.ctx")
		},
		"background": func() { derive(func(int) context.Context { return withTimeout(context.Background()) }) },
		"mixed": func() {
			derive(func(i int) context.Context {
				if i%3 == 0 {
					return withTimeout(s.ctx)
				}
				return withCancel(context.WithValue(s.ctx, requestID(1), make([]byte, 100)))
			})
			truth.Say("holder", "main.s.ctx")
		},
		"nested": func() {
			// A request's context is derived once more for the database: two of the server's each.
			derive(func(i int) context.Context {
				if i%2 == 0 {
					return s.ctx
				}
				return withTimeout(withCancel(s.ctx))
			})
			truth.Say("holder", "main.s.ctx")
		},
		"btree":  indexKeys,
		"both":   fillBoth,
		"shared": fillShared,
	}
	shape, ok := shapes[os.Args[1]]
	if !ok {
		panic("no shape " + os.Args[1])
	}
	shape()
	runtime.GC()
	runtime.GC()
	panic(fmt.Sprint("suspects: ", os.Args[1], len(kv.name), len(both.audit), len(byNumber), len(inOrder)))
}
