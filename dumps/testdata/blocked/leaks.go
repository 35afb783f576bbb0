package main

import (
	"runtime"
	"sync"
	"time"
)

//go:noinline
func worker(name string, jobs chan *int) {
	enter(name)
	for job := range jobs {
		*job++
	}
}

//go:noinline
func abandon() {
	jobs := make(chan *int)
	for i := 0; i < 50; i++ {
		start(func() { worker("abandoned", jobs) })
	}
}

// holder sleeps with a channel and uses it later.
//
//go:noinline
func holder(jobs chan *int) {
	enter("holder")
	time.Sleep(time.Hour)
	close(jobs)
}

// linked waits for something global, and so keeps another from leaking.
//
//go:noinline
func linked(jobs chan *int) {
	enter("linked")
	<-requests
	close(jobs)
}

type object struct{ next *object }

var registry = map[string]chan *int{}
var callback func()
var finalized *object

// leaks starts goroutines by pairs: the same wait for something lost and for something that can still be had.
//
//go:noinline
func leaks() {
	abandon()

	start(func() { worker("inGlobalMap", globalChannel()) })
	heldBySleeper := make(chan *int)
	start(func() { worker("ofSleeper", heldBySleeper) })
	start(func() { holder(heldBySleeper) })
	heldByBlocked := make(chan *int)
	start(func() { worker("ofBlocked", heldByBlocked) })
	start(func() { linked(heldByBlocked) })
	heldByTimer := make(chan *int)
	start(func() { worker("ofTimer", heldByTimer) })
	time.AfterFunc(time.Hour, func() { close(heldByTimer) })
	heldByClosure := make(chan *int)
	start(func() { worker("ofClosure", heldByClosure) })
	callback = func() { close(heldByClosure) }
	heldByFinalizer := make(chan *int)
	start(func() { worker("ofFinalizer", heldByFinalizer) })
	finalized = &object{}
	runtime.SetFinalizer(finalized, func(*object) { close(heldByFinalizer) })

	start(func() {
		enter("lostSend")
		lost := make(chan int, 1)
		lost <- 1
		lost <- 2
	})
	start(func() {
		enter("lostSelect")
		one, other := make(chan int), make(chan string)
		select {
		case <-one:
		case other <- "":
		}
	})
	start(func() {
		enter("halfSelect")
		lost := make(chan int)
		select {
		case <-lost:
		case <-requests:
		}
	})
	start(func() { enter("lostCond"); cond := sync.NewCond(&sync.Mutex{}); cond.L.Lock(); cond.Wait() })
	start(func() { enter("lostGroup"); group := new(sync.WaitGroup); group.Add(2); group.Wait() })
	start(func() {
		enter("lostMutex")
		own := new(account)
		own.mu.Lock()
		own.mu.Lock()
	})
	start(func() { enter("lostRead"); lock := new(sync.RWMutex); lock.Lock(); lock.RLock() })
	start(func() { enter("lostWrite"); lock := new(sync.RWMutex); lock.RLock(); lock.Lock() })
	start(func() { enter("lostTimer"); <-time.NewTimer(time.Hour).C })
	start(func() {
		enter("stoppedTimer")
		timer := time.NewTimer(time.Hour)
		timer.Stop()
		<-timer.C
	})
	start(chained)
}

//go:noinline
func globalChannel() chan *int {
	jobs := make(chan *int)
	registry["jobs"] = jobs
	return jobs
}

// chained waits for one that waits for one that waits for nothing.
//
//go:noinline
func chained() {
	inner, outer := make(chan *int), make(chan *int)
	start(func() { worker("chainInner", inner) })
	start(func() {
		enter("chainOuter")
		for job := range outer {
			inner <- job
		}
	})
	enter("chained")
	select {}
}
