// leaky fills a heap the way a leaking service does (sessions, users, contexts, closures, a tree, a
// sync.Map), tells the truth about it and dies of a panic, or lives on. Usage: leaky MEGABYTES [alive]
package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"corescope.example/dumps/truth"
)

type User struct {
	ID    int64
	Name  string
	Email string
	Tags  []string
	Prev  *User
	Attrs map[string]any
}
type Session struct {
	User    *User
	Started time.Time
	Buf     []byte
	ctx     context.Context
	cancel  context.CancelFunc
	onClose func() error
}
type Store struct {
	mu       sync.RWMutex
	sessions map[string]*Session
	byID     map[int64]*User
	audit    []fmt.Stringer
	wait     chan *Session
}
type entry struct{ a, b int }

func (e *entry) String() string { return strconv.Itoa(e.a + e.b) }

type Tree[K any] struct {
	L, R *Tree[K]
	Key  K
}

var global = &Store{sessions: map[string]*Session{}, byID: map[int64]*User{}, wait: make(chan *Session, 128)}
var cache sync.Map
var root *Tree[string]
var pool = sync.Pool{New: func() any { return new([4096]byte) }}

var hour = syscall.Timespec{Sec: 3600}
var users, sessions, entries, nodes int

func insert(t *Tree[string], k string) *Tree[string] {
	if t == nil {
		nodes++
		return &Tree[string]{Key: k}
	}
	if k < t.Key {
		t.L = insert(t.L, k)
	} else {
		t.R = insert(t.R, k)
	}
	return t
}

//go:noinline
func fill(target uint64) {
	var prev *User
	var ms runtime.MemStats
	for i := 0; ; i++ {
		u := &User{ID: int64(i), Name: "user-" + strconv.Itoa(i), Email: fmt.Sprintf("u%d@example.com", i), Prev: prev}
		users++
		if i%100 == 0 {
			prev = nil
		} else {
			prev = u
		}
		u.Tags = make([]string, 0, 4+i%5)
		for j := 0; j < i%5; j++ {
			u.Tags = append(u.Tags, strings.Repeat("t", j+1))
		}
		if i%3 == 0 {
			u.Attrs = map[string]any{"n": i, "e": &entry{i, i}, "s": u.Name}
			entries++
		}
		ctx, cancel := context.WithCancel(context.Background())
		s := &Session{User: u, Started: time.Now(), Buf: make([]byte, 64+i%900), ctx: ctx, cancel: cancel}
		sessions++
		s.onClose = func() error { _ = s.Buf; return ctx.Err() }
		global.mu.Lock()
		global.sessions[u.Name] = s
		global.byID[u.ID] = u
		global.mu.Unlock()
		global.audit = append(global.audit, &entry{i, i * 2})
		entries++
		if i%7 == 0 {
			cache.Store(i, u)
		}
		if i%50 == 0 {
			root = insert(root, strconv.Itoa((i*7919)%1000003))
		}
		if i%1000 == 0 {
			runtime.ReadMemStats(&ms)
			if ms.HeapAlloc >= target {
				return
			}
		}
	}
}

//go:noinline
func workerUser(id int) *User {
	return &User{ID: int64(id), Name: fmt.Sprint("worker-local-", id)}
}

//go:noinline
func worker(id int, in <-chan *Session, wg *sync.WaitGroup) {
	defer wg.Done()
	local := workerUser(id)
	for s := range in {
		_ = s
	}
	runtime.KeepAlive(local)
}

//go:noinline
func blocked(mu *sync.Mutex, payload []byte) {
	mu.Lock()
	runtime.KeepAlive(payload)
}

//go:noinline
func finalized() {
	e := &entry{1, 2}
	runtime.SetFinalizer(e, func(*entry) {})
}

//go:noinline
func tell() {
	truth.Types(map[string]int{
		"main.User": users, "main.Session": sessions, "main.entry": entries, "main.Tree[string]": nodes,
	})
	truth.Known(unsafe.Pointer(global.sessions["user-5"]), "main.Session", `main.global.sessions["user-5"]`)
	truth.Known(unsafe.Pointer(global.sessions["user-777"]), "main.Session", `main.global.sessions["user-777"]`)
	truth.Known(unsafe.Pointer(&global.sessions["user-42"].Buf[0]), "[]uint8", `main.global.sessions["user-42"].Buf`)
	truth.Known(unsafe.Pointer(global.byID[5]), "main.User", `main.global.byID[5]`, `main.global.sessions["user-5"].User`)
	truth.Known(unsafe.Pointer(&global.byID[1002].Tags[0]), "[]string", `main.global.byID[1002].Tags`, `main.global.sessions["user-1002"].User.Tags`)
	truth.Known(unsafe.Pointer(root), "main.Tree[string]", "main.root")
	truth.Known(unsafe.Pointer(root.R.R), "main.Tree[string]", "main.root.R.R")
	truth.Known(unsafe.Pointer(global.audit[17].(*entry)), "main.entry", "main.global.audit[17]", "main.global.audit[17].(*main.entry)")
}

func main() {
	mb, _ := strconv.ParseFloat(os.Args[1], 64)
	var wg sync.WaitGroup
	for i := 0; i < 50; i++ {
		wg.Add(1)
		users++
		go worker(i, make(chan *Session), &wg)
	}
	var mu sync.Mutex
	mu.Lock()
	for i := 0; i < 5; i++ {
		go blocked(&mu, make([]byte, int(mb*10000)))
	}
	finalized()
	fill(uint64(mb * (1 << 20)))
	time.Sleep(50 * time.Millisecond)
	tell()
	truth.Settle()
	truth.Last()
	if len(os.Args) > 2 && os.Args[2] == "alive" {
		println("please dump")
		syscall.Nanosleep(&hour, nil)
	}
	panic("boom")
}
