// tracer works under the execution tracer and dies while the trace is being written.
// Usage: tracer MODE CRASH [noise [MILLISECONDS]]
//
// MODE is where the trace goes: flight (the standard library's recorder, since Go 1.25; built with the tag xexp that of
// golang.org/x/exp/trace), file, bytes (a bytes.Buffer), bufio,
// blocked (a writer that never returns), half (one that stops in the middle of a batch), stopping, stopped, none.
// CRASH is how it ends: nil, abort (asks for a signal from outside), mapwrite, oom, raw (a signal that Go does not see).
// noise: generations of 2 ms, 16 Ps, and goroutines that do nothing but write to the trace, for 120 ms if nothing is said.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/trace"
	"strconv"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"corescope.example/dumps/truth"
)

// How much of a trace file is kept in shared memory, so that the core has the file too.
const fileSize = 16 << 20

// sink stands for ever, before or in the middle of a batch.
type sink struct {
	half bool
	left int
	out  bytes.Buffer
}

func (s *sink) Write(b []byte) (int, error) {
	if s.left--; s.left > 0 {
		return s.out.Write(b)
	}
	if s.half {
		s.out.Write(b[:len(b)/2])
	}
	select {}
}

var (
	keep   any
	mapped []byte
)

func start(mode string) {
	begin := func(w io.Writer) {
		keep = w
		if err := trace.Start(w); err != nil {
			panic(err)
		}
	}
	switch mode {
	case "none":
	case "stopped":
		begin(io.Discard)
		time.Sleep(20 * time.Millisecond)
		trace.Stop()
	case "flight":
		startFlight()
	case "file":
		begin(traceFile())
	case "bytes":
		begin(&bytes.Buffer{})
	case "bufio":
		begin(bufio.NewWriterSize(traceFile(), 1<<18))
	case "blocked", "half", "stopping":
		begin(&sink{half: mode == "half", left: 24})
	default:
		panic("unknown mode " + mode)
	}
}

// traceFile is a file without a name whose contents are mapped: they are in the core.
func traceFile() *os.File {
	f, err := os.CreateTemp("", "trace")
	if err != nil {
		panic(err)
	}
	os.Remove(f.Name())
	if err := f.Truncate(fileSize); err != nil {
		panic(err)
	}
	if mapped, err = syscall.Mmap(int(f.Fd()), 0, fileSize, syscall.PROT_READ, syscall.MAP_SHARED); err != nil {
		panic(err)
	}
	truth.Say("traceFile", map[string]any{"address": fmt.Sprintf("%#x", uintptr(unsafe.Pointer(&mapped[0]))), "size": fileSize})
	return f
}

var (
	shared sync.Mutex
	total  int
	table  = map[int]int{}
)

// work keeps all kinds of events coming: channels, locks, system calls, sleeps, short goroutines, tasks, regions, garbage.
func work() {
	for i := 0; i < 2; i++ {
		ping, pong := make(chan int), make(chan int)
		go func() {
			for v := range ping {
				pong <- v + 1
			}
		}()
		go func() {
			for v := 0; ; v++ {
				ping <- v
				<-pong
				if v%50 == 0 {
					time.Sleep(time.Millisecond)
				}
			}
		}()
	}
	for i := 0; i < 4; i++ {
		go func() {
			for {
				shared.Lock()
				total++
				shared.Unlock()
				time.Sleep(200 * time.Microsecond)
			}
		}()
	}
	for i := 0; i < 3; i++ {
		go func() {
			buffer := make([]byte, 64)
			for {
				if f, err := os.Open("/proc/self/stat"); err == nil {
					f.Read(buffer)
					f.Close()
				}
				ts := syscall.Timespec{Nsec: 300_000}
				syscall.Nanosleep(&ts, nil)
			}
		}()
	}
	go func() {
		runtime.LockOSThread()
		r, _, _ := os.Pipe()
		syscall.Read(int(r.Fd()), make([]byte, 1))
	}()
	go func() {
		for i := 0; ; i++ {
			ctx, task := trace.NewTask(context.Background(), "batch")
			trace.WithRegion(ctx, "produce", func() {
				trace.Logf(ctx, "number", "batch %d", i)
				done := make(chan bool)
				go func() {
					runtime.LockOSThread() // and never unlocks: its thread dies with it
					trace.WithRegion(ctx, "child", func() { keepBytes = make([]byte, 1<<16) })
					close(done)
				}()
				<-done
			})
			task.End()
			time.Sleep(500 * time.Microsecond)
		}
	}()
	go func() {
		for {
			runtime.GC()
			time.Sleep(30 * time.Millisecond)
		}
	}()
}

var keepBytes []byte

func noise() {
	for i := 0; i < 12; i++ {
		go func() {
			ctx := context.Background()
			for n := 0; ; n++ {
				trace.Log(ctx, "noise", "line")
				if n%64 == 0 {
					time.Sleep(100 * time.Microsecond)
				}
			}
		}()
	}
	// Short system calls: when the world freezes, some thread is in one and comes back without a word.
	for i := 0; i < 4; i++ {
		go func() {
			zeros, err := syscall.Open("/dev/zero", syscall.O_RDONLY, 0)
			if err != nil {
				panic(err)
			}
			buffer := make([]byte, 1<<16)
			for {
				syscall.Read(zeros, buffer)
			}
		}()
	}
}

func main() {
	mode, crash := os.Args[1], os.Args[2]
	noisy := len(os.Args) > 3
	if noisy && os.Getenv("GOMAXPROCS") == "" {
		syscall.Exec("/proc/self/exe", os.Args, append(os.Environ(), "GOMAXPROCS=16", "GODEBUG=traceadvanceperiod=2000000"))
	}
	start(mode)
	work()
	callbacks()
	if noisy {
		noise()
		duration := 120
		if len(os.Args) > 4 {
			duration, _ = strconv.Atoi(os.Args[4])
		}
		time.Sleep(time.Duration(duration) * time.Millisecond)
	} else {
		time.Sleep(1200 * time.Millisecond)
	}
	if mode == "flight" {
		var b bytes.Buffer
		snapshot(&b)
		truth.Say("snapshot", base64.StdEncoding.EncodeToString(b.Bytes()))
		time.Sleep(150 * time.Millisecond)
	}
	if mode == "stopping" {
		go trace.Stop()
		time.Sleep(50 * time.Millisecond)
	}
	if s, ok := keep.(*sink); ok {
		b := s.out.Bytes()
		truth.Say("traceFile", map[string]any{"address": fmt.Sprintf("%#x", uintptr(unsafe.Pointer(&b[0]))), "size": len(b)})
	}
	truth.Say("goroutinesAtDeath", runtime.NumGoroutine())
	now := time.Now().UnixNano()
	truth.Say("deathWall", fmt.Sprint(now))
	ctx, _ := trace.NewTask(context.Background(), "the last task")
	trace.StartRegion(ctx, "crash-region")
	trace.Logf(ctx, "death", "about to crash at %d", now)
	die(crash)
}

type victim struct{ next *victim }

func die(crash string) {
	switch crash {
	case "nil":
		var v *victim
		keep = v.next.next
	case "abort":
		fmt.Fprintln(os.Stderr, "please abort")
		time.Sleep(time.Minute)
	case "mapwrite":
		for i := 0; i < 4; i++ {
			go func() {
				for j := 0; ; j++ {
					table[j%1000] = j
				}
			}()
		}
		time.Sleep(time.Minute)
	case "oom":
		limit := syscall.Rlimit{Cur: 1 << 31, Max: 1 << 31}
		syscall.Setrlimit(syscall.RLIMIT_AS, &limit)
		for {
			keep = append(make([]byte, 1<<34), keepBytes...)
		}
	case "raw":
		// struct sigaction { handler 0 = SIG_DFL, flags, restorer, mask }
		var action [4]uintptr
		syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, uintptr(syscall.SIGQUIT), uintptr(unsafe.Pointer(&action)), 0, 8, 0, 0)
		syscall.Kill(os.Getpid(), syscall.SIGQUIT)
		time.Sleep(time.Minute)
	default:
		panic("unknown crash " + crash)
	}
}
