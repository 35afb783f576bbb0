// Package truth lets a program that is about to crash say what its heap holds.
//
// Every line starts with "truth " and holds one JSON object; scripts/make-dumps.mjs merges them into truth.json.
package truth

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"syscall"
	"time"
	"unsafe"
)

type expression struct {
	Expressions []string `json:"expressions"`
	Address     string   `json:"address"`
	Type        string   `json:"type"`
}

// Known says that the object at p is of type typ (its histogram name) and that every expression in
// expressions leads to it; `why` has to print one of them.
func Known(p unsafe.Pointer, typ string, expressions ...string) {
	say(map[string]any{"expressions": []expression{{expressions, fmt.Sprintf("%#x", uintptr(p)), typ}}})
}

// Types says how many heap objects of each type are live.
func Types(counts map[string]int) { say(map[string]any{"types": counts}) }

// Garbage says how many heap objects of each type are allocated but unreachable.
func Garbage(counts map[string]int) { say(map[string]any{"garbage": counts}) }

// Say adds one named value.
func Say(name string, value any) { say(map[string]any{name: value}) }

func say(v any) {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	os.Stderr.WriteString("truth " + string(b) + "\n")
}

// Preallocated: saying the last truth must not change what it says.
var (
	stats runtime.MemStats
	line  [8192]byte
)

// Settle brings the heap to rest: collections, with time for finalizers, cleanups and the background sweeper between
// them, until nothing more is freed. Spare pages are given back, so that the scavenger has nothing left to do.
func Settle() {
	debug.FreeOSMemory()
	untilCalm(3, runtime.GC)
	// The sweeper gives work buffers back in its own time.
	untilCalm(3, func() {})
}

// untilCalm repeats work until the statistics have stayed the same so many times.
func untilCalm(times int, work func()) {
	var objects, idle uint64
	for i, calm := 0, 0; i < 30 && calm < times; i++ {
		work()
		time.Sleep(20 * time.Millisecond)
		runtime.ReadMemStats(&stats)
		if stats.HeapObjects == objects && stats.HeapIdle == idle {
			calm++
		} else {
			calm = 0
		}
		objects, idle = stats.HeapObjects, stats.HeapIdle
	}
}

// Last prints the memory statistics and the goroutine count without allocating.
// The caller crashes at once afterwards.
func Last() {
	rehearse()
	Measure()
	Print()
}

// rehearse panics once: Go 1.21 allocates a record for a panic, which from now on waits in the P's pool.
func rehearse() {
	defer func() { recover() }()
	panic("rehearsal")
}

// Measure only reads the statistics; Print writes what the last Measure read.
func Measure() { runtime.ReadMemStats(&stats) }

// Print writes the statistics of the last Measure without allocating.
func Print() {
	b := append(line[:0], "truth {\"goroutines\":"...)
	b = strconv.AppendUint(b, uint64(runtime.NumGoroutine()), 10)
	b = append(b, ",\"memStats\":{"...)
	b = field(b, "HeapObjects", stats.HeapObjects)
	b = field(b, "HeapAlloc", stats.HeapAlloc)
	b = field(b, "HeapInuse", stats.HeapInuse)
	b = field(b, "HeapIdle", stats.HeapIdle)
	b = field(b, "HeapReleased", stats.HeapReleased)
	b = field(b, "HeapSys", stats.HeapSys)
	b = field(b, "StackInuse", stats.StackInuse)
	b = field(b, "StackSys", stats.StackSys)
	b = field(b, "MSpanInuse", stats.MSpanInuse)
	b = field(b, "MSpanSys", stats.MSpanSys)
	b = field(b, "MCacheInuse", stats.MCacheInuse)
	b = field(b, "MCacheSys", stats.MCacheSys)
	b = field(b, "BuckHashSys", stats.BuckHashSys)
	b = field(b, "GCSys", stats.GCSys)
	b = field(b, "OtherSys", stats.OtherSys)
	b = field(b, "Sys", stats.Sys)
	b = field(b, "NextGC", stats.NextGC)
	b = field(b, "Mallocs", stats.Mallocs)
	b = field(b, "Frees", stats.Frees)
	b = field(b, "TotalAlloc", stats.TotalAlloc)
	b = field(b, "LastGC", stats.LastGC)
	b = field(b, "NumForcedGC", uint64(stats.NumForcedGC))
	b = field(b, "NumGC", uint64(stats.NumGC))
	b[len(b)-1] = '}'
	b = append(b, "}\n"...)
	// A raw system call keeps the P, and with it the record that rehearse left there: in another P's pool there may be none.
	syscall.RawSyscall(syscall.SYS_WRITE, 2, uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)))
}

func field(b []byte, name string, value uint64) []byte {
	b = append(b, '"')
	b = append(b, name...)
	b = append(b, "\":"...)
	b = strconv.AppendUint(b, value, 10)
	return append(b, ',')
}

// Cycles says how many collections had ended at the last Measure.
func Cycles() uint32 { return stats.NumGC }
