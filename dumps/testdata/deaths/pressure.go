package main

import (
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"syscall"
)

type chunk struct {
	next *chunk
	body [32 << 10]byte
}

// limit fills what an address-space limit has left, chunk by chunk: the runtime finds out when it wants to grow its heap.
//
//go:noinline
func limit() {
	debug.SetGCPercent(400)
	const room = 96 << 20
	limits := syscall.Rlimit{Cur: addressSpace() + room, Max: addressSpace() + room}
	if err := syscall.Setrlimit(syscall.RLIMIT_AS, &limits); err != nil {
		panic(err)
	}
	var first *chunk
	for {
		first = &chunk{next: first}
		sink = first
	}
}

// addressSpace is the size of the process in bytes: the first number of statm counts pages.
func addressSpace() uint64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		panic(err)
	}
	pages := uint64(0)
	for _, digit := range text {
		if digit < '0' || digit > '9' {
			break
		}
		pages = pages*10 + uint64(digit-'0')
	}
	return pages * uint64(os.Getpagesize())
}

var hits uint64

//go:noinline
func busy(n int) {
	for i := 0; i < n; i++ {
		hits += uint64(i)
	}
}

// storm dies while signals flood every thread: the profiler's (SIGPROF, as many as it can get), the scheduler's (SIGURG, from
// collections that stop busy loops) and the program's own (SIGUSR1 and SIGUSR2, handled and to be ignored).
//
//go:noinline
func storm() {
	runtime.GOMAXPROCS(6)
	runtime.SetCPUProfileRate(4000)
	if err := pprof.StartCPUProfile(discard{}); err != nil {
		panic(err)
	}
	received := make(chan os.Signal, 1)
	signal.Notify(received, syscall.SIGUSR1)
	signal.Ignore(syscall.SIGUSR2)
	for i := 0; i < 2; i++ {
		go func() {
			for {
				syscall.Kill(syscall.Getpid(), syscall.SIGUSR1)
				syscall.Kill(syscall.Getpid(), syscall.SIGUSR2)
			}
		}()
		go func() {
			for {
				busy(1 << 20)
			}
		}()
	}
	go func() {
		for {
			runtime.GC()
		}
	}()
	for i := 0; i < 2000; i++ {
		<-received
	}
	var p *pair
	p.Right = 1
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }
