package main

import (
	"context"
	"sync"
)

//go:noinline
func sendUnder(b *box, out chan int) {
	b.mu.Lock()
	out <- b.value
	b.mu.Unlock()
}

//go:noinline
func receiveAfter(b *box, in chan int) {
	<-stages[0]
	b.mu.Lock()
	b.value++
	b.mu.Unlock()
	b.value += <-in
}

var _ = shape("lockAndChannel", func() {
	b, c := new(box), make(chan int)
	part("lockAndChannel.sender", func() { sendUnder(b, c) })
	part("lockAndChannel.receiver", func() { receiveAfter(b, c) })
	circle("lockAndChannel.sender", "lockAndChannel.receiver")
	holds("lockAndChannel.receiver", "lockAndChannel.sender")
})

var (
	reports    = make(chan int)
	reportLock sync.Mutex
)

// The same with variables that everybody can reach.
var _ = shape("lockAndGlobal", func() {
	part("lockAndGlobal.sender", func() {
		reportLock.Lock()
		defer reportLock.Unlock()
		reports <- 1
	})
	part("lockAndGlobal.receiver", func() {
		<-stages[0]
		reportLock.Lock()
		reportLock.Unlock()
		<-reports
	})
	circle("lockAndGlobal.sender", "lockAndGlobal.receiver")
})

var _ = shape("lockAndSelect", func() {
	b, c := new(box), make(chan int)
	ctx, cancel := context.WithCancel(context.Background())
	part("lockAndSelect.selecting", func() {
		b.mu.Lock()
		select {
		case c <- b.value:
		case <-ctx.Done():
		}
		b.mu.Unlock()
	})
	part("lockAndSelect.wanting", func() {
		receiveAfter(b, c)
		cancel()
	})
	circle("lockAndSelect.selecting", "lockAndSelect.wanting")
})

var _ = shape("onceAndChannel", func() {
	var once sync.Once
	c := make(chan int)
	part("onceAndChannel.first", func() { once.Do(func() { <-c }) })
	part("onceAndChannel.second", func() {
		<-stages[0]
		once.Do(func() {})
		c <- 1
	})
	circle("onceAndChannel.first", "onceAndChannel.second")
})

//go:noinline
func relay(in, out chan int) {
	value := <-in
	out <- value
}

var _ = shape("relay", func() {
	rings := []chan int{make(chan int), make(chan int), make(chan int)}
	for i := range rings {
		in, out := rings[i], rings[(i+1)%len(rings)]
		part("relay", func() { relay(in, out) })
	}
	circle("relay")
})

// The closer waits for workers that wait for it to close.
var _ = shape("unclosed", func() {
	jobs := make(chan int)
	var done sync.WaitGroup
	done.Add(2)
	for i := 0; i < 2; i++ {
		part("unclosed.worker", func() {
			defer done.Done()
			for job := range jobs {
				_ = job
			}
		})
	}
	part("unclosed.closer", func() {
		done.Wait()
		close(jobs)
	})
	circle("unclosed.closer", "unclosed.worker")
})

var _ = shape("waitUnderLock", func() {
	b := new(box)
	var done sync.WaitGroup
	done.Add(2)
	for i := 0; i < 2; i++ {
		part("waitUnderLock.worker", func() {
			defer done.Done()
			<-stages[0]
			b.mu.Lock()
			b.value++
			b.mu.Unlock()
		})
	}
	part("waitUnderLock.boss", func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		done.Wait()
	})
	circle("waitUnderLock.boss", "waitUnderLock.worker")
	holds("waitUnderLock.worker", "waitUnderLock.boss")
})

// Whoever would signal wants the outer lock.
var _ = shape("condUnderLock", func() {
	outer := new(box)
	ready := false
	cond := sync.NewCond(new(sync.Mutex))
	part("condUnderLock.waiter", func() {
		outer.mu.Lock()
		cond.L.Lock()
		for !ready {
			cond.Wait()
		}
		cond.L.Unlock()
		outer.mu.Unlock()
	})
	part("condUnderLock.signaller", func() {
		<-stages[0]
		outer.mu.Lock()
		outer.mu.Unlock()
		cond.L.Lock()
		ready = true
		cond.L.Unlock()
		cond.Signal()
	})
	circle("condUnderLock.waiter", "condUnderLock.signaller")
	holds("condUnderLock.signaller", "condUnderLock.waiter")
})

// The rest waits for what nobody can give any more: no circle, but lost.

var _ = shape("condWithoutSignal", func() {
	part("condWithoutSignal", func() {
		cond := sync.NewCond(new(sync.Mutex))
		cond.L.Lock()
		cond.Wait()
		cond.L.Unlock()
	})
	lost("condWithoutSignal")
})

var _ = shape("missingDone", func() {
	done := new(sync.WaitGroup)
	done.Add(3)
	for i := 0; i < 3; i++ {
		i := i
		go func() {
			if i == 1 {
				return
			}
			done.Done()
		}()
	}
	part("missingDone", func() { done.Wait() })
	lost("missingDone")
})

// Wait inside the loop that starts those it waits for.
var _ = shape("waitInLoop", func() {
	part("waitInLoop", func() {
		var done sync.WaitGroup
		done.Add(3)
		for i := 0; i < 3; i++ {
			go func() { done.Done() }()
			done.Wait()
		}
	})
	lost("waitInLoop")
})

var _ = shape("nilChannel", func() {
	var none chan int
	part("nilChannel.receive", func() { <-none })
	part("nilChannel.send", func() { none <- 1 })
	lost("nilChannel.receive", "nilChannel.send")
})

var _ = shape("contextNeverCancelled", func() {
	ctx, cancel := context.WithCancel(context.Background())
	_ = cancel
	part("contextNeverCancelled", func() {
		select {
		case <-ctx.Done():
		}
	})
	lost("contextNeverCancelled")
})

// The receiver gave up after a timeout; the answer has nobody to go to.
var _ = shape("forgottenSender", func() {
	answer := make(chan int)
	part("forgottenSender", func() {
		<-stages[0]
		answer <- 1
	})
	select {
	case <-answer:
	default:
	}
	lost("forgottenSender")
})

var _ = shape("firstOfMany", func() {
	answers := make(chan int)
	for i := 0; i < 3; i++ {
		part("firstOfMany", func() { answers <- 1 })
	}
	part("firstOfMany.reader", func() {
		<-answers
		<-answers
		<-answers
		<-answers
	})
	lost("firstOfMany.reader")
})

var _ = shape("semaphore", func() {
	part("semaphore", func() {
		tokens := make(chan struct{}, 1)
		tokens <- struct{}{}
		tokens <- struct{}{}
		<-tokens
	})
	lost("semaphore")
})
