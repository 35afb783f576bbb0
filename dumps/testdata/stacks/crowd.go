package main

import (
	"net"
	"os"
	"runtime"
	"sync"
	"syscall"
	"time"
)

var never chan int
var nobody sync.WaitGroup
var written, free sync.RWMutex
var held sync.Mutex
var crowdReady sync.WaitGroup

// reasons are ways to wait for ever; Go has a name for each.
var reasons = []func(){
	func() { <-never },
	func() { never <- 1 },
	func() { select {} },
	func() { nobody.Wait() },
	func() { written.RLock() },
	func() { written.Lock() },
	func() { free.Lock() },
	func() { held.Lock() },
	func() { time.Sleep(time.Hour) },
	func() {
		mine := make(chan int)
		select {
		case <-mine:
		case mine <- 1:
		case <-time.After(time.Hour):
		}
	},
	func() {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			panic(err)
		}
		listener.Accept()
	},
	func() {
		r, w, err := os.Pipe()
		if err != nil {
			panic(err)
		}
		for {
			if _, err := w.Write(make([]byte, 1<<16)); err != nil {
				r.Close()
			}
		}
	},
	func() {
		runtime.LockOSThread()
		select {}
	},
	func() { syscall.Nanosleep(&syscall.Timespec{Sec: 3600}, nil) },
}

const times = 7

// gather starts every way to wait several times, and gives them the time to get there.
func gather() {
	nobody.Add(1)
	written.Lock()
	free.RLock()
	held.Lock()
	crowdReady.Add(times * len(reasons))
	for i := 0; i < times; i++ {
		for _, reason := range reasons {
			go member(reason)
		}
	}
	crowdReady.Wait()
	for i := 0; i < 20; i++ {
		runtime.Gosched()
		time.Sleep(time.Millisecond)
	}
}

//go:noinline
func member(wait func()) {
	crowdReady.Done()
	wait()
}
