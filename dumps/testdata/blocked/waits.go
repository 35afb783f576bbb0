package main

import (
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// File descriptors by the name of the goroutine that waits for one.
var descriptors = map[string]int{}

var (
	config    sync.RWMutex
	signal    = sync.NewCond(&sync.Mutex{})
	requests  = make(chan int)
	buffered  = make(chan int, 2)
	batch     sync.WaitGroup
	keep      any
	listening net.Listener
)

func descriptor(name string, of syscall.Conn) {
	raw, err := of.SyscallConn()
	if err != nil {
		panic(err)
	}
	raw.Control(func(fd uintptr) { descriptors[name] = int(fd) })
}

func waits() {
	for _, each := range []struct {
		name string
		time time.Duration
	}{{"sleepHour", time.Hour}, {"sleepDay", 24 * time.Hour}} {
		each := each
		start(func() { enter(each.name); time.Sleep(each.time) })
	}
	reader, writer, err := os.Pipe()
	if err != nil {
		panic(err)
	}
	descriptor("pipeRead", reader)
	start(func() { enter("pipeRead"); reader.Read(make([]byte, 1)) })
	unread, full, err := os.Pipe()
	if err != nil {
		panic(err)
	}
	descriptor("pipeWrite", full)
	start(func() { enter("pipeWrite"); full.Write(make([]byte, 1<<20)) })
	listening, err = net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	descriptor("accept", listening.(*net.TCPListener))
	start(func() { enter("accept"); listening.Accept() })
	keep = []any{reader, writer, unread, full}

	start(func() { enter("nilReceive"); var none chan int; <-none })
	start(func() { enter("nilSend"); var none chan int; none <- 1 })
	start(func() { enter("emptySelect"); select {} })
	start(func() { enter("globalReceive"); <-requests })
	buffered <- 1
	buffered <- 2
	start(func() { enter("globalSend"); buffered <- 3 })
	start(func() {
		enter("globalSelect")
		select {
		case <-requests:
		case buffered <- 4:
		}
	})
	start(func() { enter("after"); <-time.After(time.Hour) })
	for i := 0; i < 2; i++ {
		start(func() { enter("globalCond"); signal.L.Lock(); signal.Wait() })
	}
	batch.Add(3)
	for i := 0; i < 2; i++ {
		start(func() { enter("globalGroup"); batch.Wait() })
	}
	start(holdConfig)
}

// holdConfig holds the lock that two readers and a writer want, and sleeps.
//
//go:noinline
func holdConfig() {
	config.Lock()
	enter("holdConfig")
	time.Sleep(time.Hour)
	config.Unlock()
}

// lateWaits starts those that have to come after a lock was taken.
func lateWaits() {
	for i := 0; i < 2; i++ {
		start(func() { enter("configRead"); config.RLock() })
	}
	start(func() { enter("configWrite"); config.Lock() })
	starting.Wait()
}
