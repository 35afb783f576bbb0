package main

import (
	"net"
	"os"
	"sync"
	"time"
)

// What looks like a deadlock and is none: somebody, or something, can still end each wait.

type service struct {
	jobs    chan int
	results chan int
	mu      sync.Mutex
	count   int
}

var running = map[string]*service{}

var _ = shape("idleWorkers", func() {
	s := &service{jobs: make(chan int), results: make(chan int)}
	running["idle"] = s
	for i := 0; i < 3; i++ {
		part("idleWorkers.worker", func() {
			for job := range s.jobs {
				s.results <- job + 1
			}
		})
	}
	part("idleWorkers.collector", func() {
		for result := range s.results {
			s.mu.Lock()
			s.count += result
			s.mu.Unlock()
			s.jobs <- result
		}
	})
})

var inboxA, inboxB = make(chan int), make(chan int)

// Two actors that write to each other when something is written to them.
var _ = shape("idleActors", func() {
	part("idleActors.a", func() {
		for each := range inboxA {
			inboxB <- each
		}
	})
	part("idleActors.b", func() {
		for each := range inboxB {
			inboxA <- each
		}
	})
	part("idleActors.select", func() {
		for {
			select {
			case each := <-inboxA:
				inboxB <- each
			case <-time.After(forever):
			}
		}
	})
})

var _ = shape("emptySelect", func() {
	part("emptySelect", func() { select {} })
	lost("emptySelect")
})

var pool = struct {
	mu    sync.Mutex
	ready *sync.Cond
	items []int
}{}

var _ = shape("poolOnCond", func() {
	pool.ready = sync.NewCond(&pool.mu)
	for i := 0; i < 3; i++ {
		part("poolOnCond.worker", func() {
			for {
				pool.mu.Lock()
				for len(pool.items) == 0 {
					pool.ready.Wait()
				}
				pool.items = pool.items[1:]
				pool.mu.Unlock()
			}
		})
	}
	part("poolOnCond.producer", func() {
		for {
			time.Sleep(forever)
			pool.mu.Lock()
			pool.items = append(pool.items, 1)
			pool.mu.Unlock()
			pool.ready.Broadcast()
		}
	})
})

var listener net.Listener

var _ = shape("acceptLoop", func() {
	var err error
	if listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		panic(err)
	}
	part("acceptLoop", func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go connection.Close()
		}
	})
})

var _ = shape("sleepingHolder", func() {
	b := new(box)
	part("sleepingHolder.holder", func() {
		b.mu.Lock()
		time.Sleep(forever)
		b.mu.Unlock()
	})
	for i := 0; i < 3; i++ {
		part("sleepingHolder.waiter", func() {
			<-stages[0]
			b.mu.Lock()
			b.value++
			b.mu.Unlock()
		})
	}
	holds("sleepingHolder.waiter", "sleepingHolder.holder")
})

var open []*os.File

var _ = shape("readingHolder", func() {
	reader, writer, err := os.Pipe()
	if err != nil {
		panic(err)
	}
	open = append(open, reader, writer)
	b, c := new(box), make(chan int)
	part("readingHolder.reader", func() {
		reader.Read(make([]byte, 1))
		c <- 1
	})
	part("readingHolder.holder", func() {
		b.mu.Lock()
		b.value += <-c
		b.mu.Unlock()
	})
	part("readingHolder.waiter", func() {
		<-stages[0]
		b.mu.Lock()
		b.mu.Unlock()
	})
	holds("readingHolder.waiter", "readingHolder.holder")
})

// Locks alone in their allocation lie two to a block: who waits for one is not tied to who has the other.
var _ = shape("tinyApart", func() {
	type small struct{ mu sync.Mutex }
	c := make(chan int)
	a, b := new(small), new(small)
	part("tinyApart.holder", func() {
		a.mu.Lock()
		<-c
		a.mu.Unlock()
	})
	part("tinyApart.sleeper", func() {
		b.mu.Lock()
		time.Sleep(forever)
		b.mu.Unlock()
		c <- 1
	})
	part("tinyApart.waiter", func() {
		<-stages[0]
		twice(&b.mu)
	})
	holds("tinyApart.waiter", "tinyApart.sleeper")
})

type stripes struct {
	first, second, third sync.Mutex
	read                 sync.RWMutex
}

// Locks of one struct, each with a holder of its own.
var _ = shape("lockByLock", func() {
	s := new(stripes)
	hold := func(name string, mu *sync.Mutex, c chan int) {
		part(name, func() {
			mu.Lock()
			defer mu.Unlock()
			<-c
		})
	}
	one, two := make(chan int), make(chan int)
	hold("lockByLock.first", &s.first, one)
	hold("lockByLock.second", &s.second, two)
	part("lockByLock.waiter", func() {
		<-stages[0]
		s.third.Lock()
		s.first.Lock()
		s.first.Unlock()
		s.third.Unlock()
	})
	part("lockByLock.behind", func() {
		<-stages[1]
		s.third.Lock()
		s.third.Unlock()
	})
	part("lockByLock.keeper", func() {
		time.Sleep(forever)
		one <- 1
		two <- 1
		s.second.Lock()
		s.second.Unlock()
	})
	holds("lockByLock.waiter", "lockByLock.first")
	holds("lockByLock.behind", "lockByLock.waiter")
})

// Waits with the lock given back, and takes it again later.
var _ = shape("givenBack", func() {
	b, c := new(box), make(chan int)
	part("givenBack.waiter", func() {
		b.mu.Lock()
		b.value++
		b.mu.Unlock()
		<-c
		b.mu.Lock()
		b.value++
		b.mu.Unlock()
	})
	part("givenBack.holder", func() {
		<-stages[0]
		b.mu.Lock()
		time.Sleep(forever)
		c <- 1
		b.mu.Unlock()
	})
	part("givenBack.third", func() {
		<-stages[1]
		b.mu.Lock()
		b.mu.Unlock()
	})
	holds("givenBack.third", "givenBack.holder")
})

//go:noinline
func maybeLocked(b *box, c chan int, isLocked bool) {
	if isLocked {
		b.mu.Lock()
	}
	<-c
	if isLocked {
		b.mu.Unlock()
	}
}

//go:noinline
func maybeDeferred(b *box, c chan int, isLocked bool) {
	if isLocked {
		b.mu.Lock()
		defer b.mu.Unlock()
	}
	<-c
}

var _ = shape("conditional", func() {
	b, c := new(box), make(chan int)
	part("conditional.without", func() { maybeLocked(b, c, false) })
	part("conditional.deferred", func() { maybeDeferred(b, c, false) })
	part("conditional.holder", func() {
		b.mu.Lock()
		time.Sleep(forever)
		b.mu.Unlock()
		close(c)
	})
	part("conditional.waiter", func() {
		<-stages[0]
		b.mu.Lock()
		b.mu.Unlock()
	})
	holds("conditional.waiter", "conditional.holder")
})

var _ = shape("conditionalHeld", func() {
	b, c := new(box), make(chan int)
	part("conditionalHeld.holder", func() { maybeDeferred(b, c, true) })
	part("conditionalHeld.sender", func() {
		time.Sleep(forever)
		c <- 1
	})
	part("conditionalHeld.waiter", func() {
		<-stages[0]
		maybeLocked(b, c, true)
	})
	holds("conditionalHeld.waiter", "conditionalHeld.holder")
})

var _ = shape("slowReader", func() {
	t := new(table)
	part("slowReader.reader", func() {
		t.mu.RLock()
		time.Sleep(forever)
		t.mu.RUnlock()
	})
	part("slowReader.writer", func() { t.write(stages[0]) })
	part("slowReader.behind", func() {
		<-stages[1]
		t.size()
	})
	holds("slowReader.writer", "slowReader.reader")
})

var _ = shape("sleepingWorkers", func() {
	var done sync.WaitGroup
	done.Add(2)
	for i := 0; i < 2; i++ {
		part("sleepingWorkers.worker", func() {
			defer done.Done()
			time.Sleep(forever)
		})
	}
	part("sleepingWorkers.boss", func() { done.Wait() })
})

var _ = shape("patientHolder", func() {
	b, c := new(box), make(chan int)
	part("patientHolder.holder", func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		select {
		case <-c:
		case <-time.After(forever):
		}
	})
	part("patientHolder.waiter", func() {
		<-stages[0]
		b.mu.Lock()
		b.mu.Unlock()
		c <- 1
	})
	holds("patientHolder.waiter", "patientHolder.holder")
})

// A slow consumer: the sender waits with a lock, the consumer for a pipe.
var _ = shape("backPressure", func() {
	reader, writer, err := os.Pipe()
	if err != nil {
		panic(err)
	}
	open = append(open, reader, writer)
	s := &service{jobs: make(chan int)}
	running["backPressure"] = s
	part("backPressure.sender", func() {
		s.mu.Lock()
		s.jobs <- 1
		s.mu.Unlock()
	})
	part("backPressure.consumer", func() {
		for {
			reader.Read(make([]byte, 1))
			<-s.jobs
		}
	})
	part("backPressure.other", func() {
		<-stages[0]
		s.mu.Lock()
		s.jobs <- 2
		s.mu.Unlock()
	})
	holds("backPressure.other", "backPressure.sender")
})

var _ = shape("tried", func() {
	b, c := new(box), make(chan int)
	part("tried.holder", func() {
		b.mu.Lock()
		time.Sleep(forever)
		b.mu.Unlock()
	})
	part("tried.trying", func() {
		<-c
		if b.mu.TryLock() {
			b.value++
			b.mu.Unlock()
		}
	})
	part("tried.waiter", func() {
		<-stages[0]
		b.mu.Lock()
		b.mu.Unlock()
		c <- 1
	})
	holds("tried.waiter", "tried.holder")
})
