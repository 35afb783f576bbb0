// zoo keeps objects alive through every feature of the language and the runtime that can hold a pointer.
//
// Each feature has its own type main.OnlyX: `count` objects that nothing else reaches. A root or an edge that an
// analyser misses shows as that many objects of that type called garbage.
package main

import (
	"os"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"unsafe"

	"corescope.example/dumps/truth"
)

// More than the 25 objects that may be unreachable for the runtime's own reasons.
const count = 30

// At most so many addresses of each type are told.
const most = 100

// The addresses of the objects of each type, hidden from the collector as integers.
var addresses = map[string][]uintptr{}
var addressesLock sync.Mutex

// rec notes that p is one of the objects of *p's type and gives it back.
func rec[T any](p *T) *T {
	name := reflect.TypeOf(p).Elem().String()
	addressesLock.Lock()
	addresses[name] = append(addresses[name], uintptr(unsafe.Pointer(p)))
	addressesLock.Unlock()
	runtime.KeepAlive(p)
	return p
}

// exhibits are started one after the other; files for newer releases add theirs.
var exhibits = []func(){
	maps, channels, closures, interfaces, bigTypes, reflected, timers, finalizers, stacks, containers, small,
}

// afterCollection holds what has to happen between the last collection and the crash.
var afterCollection []func()

var started sync.WaitGroup

// exhibit starts body as a goroutine and returns when it is about to block (it calls started.Done).
func exhibit(body func()) {
	started.Add(1)
	go body()
}

// never is where goroutines wait for ever.
var never = make(chan int)

//go:noinline
func block() {
	started.Done()
	<-never
}

// nameless are the types that nothing in the process says: their objects can be counted and kept alive, not named.
var nameless = map[string]string{
	"main.OnlyUnsafe":   "held by an unsafe.Pointer",
	"main.OnlyPinned":   "held by the unsafe.Pointers of a runtime.Pinner",
	"main.OnlyInterior": "held by a *int into its middle",
	"main.OnlyGeneric":  "captured by a generic closure, whose variables have shape types",
	"main.OnlyMakeFunc": "argument of a reflect.MakeFunc stub, which DWARF does not describe",
	"main.OnlyDefer":    "in a slot of the frame that DWARF describes no variable for",
	"main.OnlySpin":     "held by registers that an asynchronous preemption saved",
	"main.OnlyCtxt":     "held by sched.ctxt, or by a slot without a variable once the goroutine has run",
}

func init() {
	if v := runtime.Version(); strings.HasPrefix(v, "go1.24") || strings.HasPrefix(v, "go1.25") {
		nameless["main.OnlyCleanup"] = "captured by AddCleanup's generic closure"
		nameless["main.OnlyCleanupQueued"] = nameless["main.OnlyCleanup"]
	}
	if runtime.GOARCH == "arm64" {
		for _, name := range []string{"main.OnlyLocked", "main.OnlyPull", "main.OnlySleep"} {
			nameless[name] = "spilled to a slot, while DWARF has the variable in a register"
		}
	}
}

//go:noinline
func tell() {
	types := map[string]int{"main.OnlyPool": count} // made after the collection
	if nameless["main.OnlyCtxt"] == "" {
		types["main.OnlyCtxt"] = fresh * count
	}
	type held struct {
		Type      string   `json:"type"`
		Addresses []string `json:"addresses"`
	}
	only := []held{}
	for name, list := range addresses {
		if nameless[name] == "" {
			types[name] = len(list)
		}
		if len(list) > most {
			list = list[len(list)-most:]
		}
		hex := make([]string, len(list))
		for i, address := range list {
			hex[i] = "0x" + strconv.FormatUint(uint64(address), 16)
		}
		only = append(only, held{name, hex})
	}
	truth.Types(types)
	truth.Say("only", only)
	truth.Say("nameless", nameless)
	tellKnown()
	// Emptied first: a stale word may keep the table itself for a while, and before Go 1.22 nothing says what it is.
	for name := range addresses {
		delete(addresses, name)
	}
	addresses = nil
}

func main() {
	runtime.GOMAXPROCS(2)
	// The main goroutine's stack must not have to grow between the last measure and the crash.
	deepen(200)
	for i := range exhibits {
		exhibits[i]()
	}
	started.Wait()
	truth.Settle()
	spinners() // late: they leave no P to anyone who has something to clean up
	started.Wait()
	tell()
	truth.Settle()
	for i := range afterCollection {
		afterCollection[i]()
	}
	truth.Last()
	if len(os.Args) > 1 && os.Args[1] == "nil" {
		var nowhere *int
		*nowhere = 1
	}
	panic("the zoo is closed")
}

//go:noinline
func deepen(n int) string {
	if n == 0 {
		return ""
	}
	return strings.TrimSpace(deepen(n - 1))
}
