package main

import (
	"os"
	"runtime"
	"sync"
	"syscall"
	"unsafe"

	"corescope.example/dumps/truth"
)

// crowd starts many goroutines that wait in ten different places.
func crowd(count int) {
	jobs := make(chan *int)
	var lock sync.Mutex
	lock.Lock()
	var ready sync.WaitGroup
	ready.Add(count)
	for i := 0; i < count; i++ {
		go member(i%10, jobs, &lock, &ready)
	}
	ready.Wait()
	settle()
	runtime.GC()
	truth.Say("crowd", count)
	abort()
}

// abort has the kernel write the core at once: the runtime would first print all the stacks, for minutes.
func abort() {
	var byDefault [32]byte
	syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, uintptr(syscall.SIGABRT), uintptr(unsafe.Pointer(&byDefault)), 0, 8, 0, 0)
	syscall.Kill(os.Getpid(), syscall.SIGABRT)
	select {}
}

//go:noinline
func member(place int, jobs chan *int, lock *sync.Mutex, ready *sync.WaitGroup) {
	ready.Done()
	if place == 0 {
		lock.Lock()
	}
	deeper(place, jobs)
}

//go:noinline
func deeper(depth int, jobs chan *int) {
	if depth > 0 {
		deeper(depth-1, jobs)
	}
	<-jobs
}
