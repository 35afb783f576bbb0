package main

import "sync"

type account struct {
	balance int
	mu      sync.Mutex
}

var first, second account

// transfer unlocks by itself: nothing but its code tells that it holds a lock.
//
//go:noinline
func transfer(name string, from, to *account) {
	from.mu.Lock()
	enter(name)
	<-gate
	to.mu.Lock()
	to.balance += from.balance
	to.mu.Unlock()
	from.mu.Unlock()
}

// move defers: the pending call names the lock.
//
//go:noinline
func move(name string, from, to *account) {
	from.mu.Lock()
	defer from.mu.Unlock()
	enter(name)
	<-gate
	to.mu.Lock()
	defer to.mu.Unlock()
	to.balance += from.balance
}

// again wants the lock it has.
//
//go:noinline
func again(own *account) {
	own.mu.Lock()
	defer own.mu.Unlock()
	enter("again")
	again2(own)
}

//go:noinline
func again2(own *account) {
	own.mu.Lock()
	own.balance++
	own.mu.Unlock()
}

// looped defers in a loop, which leaves records on the heap.
//
//go:noinline
func looped(all []*account) {
	for i, each := range all {
		if i == 1 {
			enter("looped")
			<-gate
		}
		each.mu.Lock()
		defer each.mu.Unlock()
	}
}

func mutexCycles() {
	start(func() { transfer("transfer", &first, &second) })
	start(func() { transfer("transfer", &second, &first) })
	a, b := new(account), new(account)
	start(func() { move("move", a, b) })
	start(func() { move("move", b, a) })
	forks := []*account{{}, {}, {}}
	for i := range forks {
		left, right := forks[i], forks[(i+1)%len(forks)]
		start(func() { move("ring", left, right) })
	}
	start(func() { again(new(account)) })
	c, d := new(account), new(account)
	start(func() { looped([]*account{c, d}) })
	start(func() { looped([]*account{d, c}) })
}

type table struct {
	size int
	mu   sync.RWMutex
}

// read holds one for reading and wants to write the other.
//
//go:noinline
func read(mine, other *table) {
	mine.mu.RLock()
	defer mine.mu.RUnlock()
	enter("read")
	<-gate
	other.mu.Lock()
	defer other.mu.Unlock()
	other.size += mine.size
}

// readTwice reads again, behind the writer that waits for its first read to end.
//
//go:noinline
func readTwice(one *table, writing chan struct{}) {
	one.mu.RLock()
	defer one.mu.RUnlock()
	enter("readTwice")
	<-writing
	settle()
	readInner(one)
}

//go:noinline
func readInner(one *table) {
	one.mu.RLock()
	defer one.mu.RUnlock()
	one.size++
}

//go:noinline
func write(one *table, writing chan struct{}) {
	enter("write")
	<-gate
	close(writing)
	one.mu.Lock()
	one.size++
	one.mu.Unlock()
}

func readWriteCycles() {
	a, b := new(table), new(table)
	start(func() { read(a, b) })
	start(func() { read(b, a) })
	shared, writing := new(table), make(chan struct{})
	start(func() { readTwice(shared, writing) })
	start(func() { write(shared, writing) })
}

//go:noinline
func relay(in, out chan int) {
	enter("relay")
	<-gate
	value := <-in
	out <- value
}

//go:noinline
func crew(jobs chan *int, done *sync.WaitGroup) {
	defer done.Done()
	enter("crew")
	for job := range jobs {
		*job++
	}
}

// boss forgets to close the channel of the jobs.
//
//go:noinline
func boss() {
	jobs := make(chan *int)
	var done sync.WaitGroup
	done.Add(3)
	for i := 0; i < 3; i++ {
		start(func() { crew(jobs, &done) })
	}
	jobs <- new(int)
	enter("boss")
	done.Wait()
	close(jobs)
}

func channelCycles() {
	ring := []chan int{make(chan int), make(chan int), make(chan int)}
	for i := range ring {
		in, out := ring[i], ring[(i+1)%len(ring)]
		start(func() { relay(in, out) })
	}
	start(boss)
}
