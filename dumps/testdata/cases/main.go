// cases are small services that die of classic failures, and healthy ones that are aborted while they work.
// Usage: cases NAME. Beside each culprit stand holders that are as they should be (neighbours.go).
//
// What a case says of itself: "culprit", names of which the first screen has to say one of each list; "figures", of which it
// has to say one; "healthy", names that no finding may blame first. The guilty line is marked by a comment `// guilty: NAME`.
package main

import (
	// As services have it; it links the profile of the heap too.
	_ "net/http/pprof"
	"os"
	"runtime"
	"strings"
	"time"

	"corescope.example/dumps/truth"
)

var cases = map[string]func(){}

func main() {
	run, ok := cases[os.Args[1]]
	if !ok {
		panic("no case " + os.Args[1])
	}
	run()
}

// culprit: of each argument, "main.store|main.Store", one name has to be told.
func culprit(names ...string) {
	var lists [][]string
	for _, each := range names {
		lists = append(lists, strings.Split(each, "|"))
	}
	truth.Say("culprit", lists)
}

type figure struct {
	Kind  string  `json:"kind"` // count, bytes, percent
	Value float64 `json:"value"`
	// Within is the part of the value by which it may be missed.
	Within float64 `json:"within"`
}

func count(n int) figure                  { return figure{"count", float64(n), 0} }
func bytes(n int, w float64) figure       { return figure{"bytes", float64(n), w} }
func percent(f float64, w float64) figure { return figure{"percent", f, w} }

func figures(all ...figure) { truth.Say("figures", all) }

func healthy(names ...string) { truth.Say("healthy", names) }

// hang is the end of a service that nobody can use any more: somebody aborts it. Where main itself waits, another goroutine says so.
func plea() { os.Stderr.WriteString("please abort\n") }

func hang() {
	collect()
	plea()
	select {}
}

func collect() {
	runtime.GC()
	runtime.GC()
}

// Not in the heap: text of all stacks.
var stackText [2 << 20]byte

// parked returns when at least so many goroutines wait for that reason in a function.
func parked(n int, reason, function string) {
	for {
		text := string(stackText[:runtime.Stack(stackText[:], true)])
		seen := 0
		for _, each := range strings.Split(text, "\n\n") {
			head, rest, _ := strings.Cut(each, "\n")
			if strings.Contains(head, reason) && strings.Contains(rest, function) {
				seen++
			}
		}
		if seen >= n {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// word is a text of n letters that no other is equal to.
func word(n, seed int) string {
	var b strings.Builder
	for x := uint64(seed)*2862933555777941757 + 3037000493; b.Len() < n; x = x*6364136223846793005 + 1442695040888963407 {
		b.WriteByte('a' + byte(x>>33%26))
	}
	return b.String()
}
