package main

import (
	"errors"
	"sync"
)

type box struct {
	value int
	mu    sync.Mutex
}

type nested struct {
	name  string
	inner *box
}

var errFull = errors.New("full")

//go:noinline
func (b *box) get() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.value
}

//go:noinline
func (b *box) add(n int) {
	b.mu.Lock()
	b.value += n + b.get()
	b.mu.Unlock()
}

//go:noinline
func (b *box) lock() { b.mu.Lock() }

//go:noinline
func (b *box) unlock() { b.mu.Unlock() }

//go:noinline
func both(from, to *box, stage chan struct{}) {
	from.mu.Lock()
	<-stage
	to.mu.Lock()
	to.value += from.value
	to.mu.Unlock()
	from.mu.Unlock()
}

//go:noinline
func bothDeferred(from, to *box, stage chan struct{}) {
	from.mu.Lock()
	defer func() {
		from.value = 0
		from.mu.Unlock()
	}()
	<-stage
	defer to.mu.Unlock()
	to.mu.Lock()
	to.value += from.value
}

//go:noinline
func bothForgetful(from, to *box, stage chan struct{}) {
	from.mu.Lock()
	<-stage
	to.mu.Lock()
	to.value += from.value
}

//go:noinline
func bothHelped(from, to *box, stage chan struct{}) {
	from.lock()
	<-stage
	to.lock()
	to.value++
	to.unlock()
	from.unlock()
}

//go:noinline
func bothNested(from, to *nested, stage chan struct{}) {
	from.inner.mu.Lock()
	<-stage
	to.inner.mu.Lock()
	to.inner.value++
	to.inner.mu.Unlock()
	from.inner.mu.Unlock()
}

//go:noinline
func bothLockers(from, to sync.Locker, stage chan struct{}) {
	from.Lock()
	<-stage
	to.Lock()
	to.Unlock()
	from.Unlock()
}

type cell[T any] struct {
	mu    sync.Mutex
	value T
}

//go:noinline
func (c *cell[T]) swap(with *cell[T], stage chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	<-stage
	with.mu.Lock()
	defer with.mu.Unlock()
	c.value, with.value = with.value, c.value
}

type observed struct {
	mu       sync.Mutex
	value    int
	onChange func()
}

//go:noinline
func (o *observed) set(value int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.value = value
	o.onChange()
}

//go:noinline
func (o *observed) get() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.value
}

// consume leaves the lock locked on one of its ways.
//
//go:noinline
func (b *box) consume() error {
	b.mu.Lock()
	if b.value == 0 {
		return errFull
	}
	b.value--
	b.mu.Unlock()
	return nil
}

//go:noinline
func consumeAll(b *box) {
	for {
		b.mu.Lock()
		if b.value == 0 {
			continue
		}
		b.value--
		b.mu.Unlock()
	}
}

var globalLeft, globalRight sync.Mutex

//go:noinline
func leftRight(stage chan struct{}) {
	globalLeft.Lock()
	<-stage
	globalRight.Lock()
	globalRight.Unlock()
	globalLeft.Unlock()
}

//go:noinline
func rightLeft(stage chan struct{}) {
	globalRight.Lock()
	defer globalRight.Unlock()
	<-stage
	globalLeft.Lock()
	defer globalLeft.Unlock()
}

// pair starts two parts that want each other's box.
func pair(name string, run func(from, to *box, stage chan struct{})) bool {
	return shape(name, func() {
		a, b := new(box), new(box)
		part(name+".ab", func() { run(a, b, stages[0]) })
		part(name+".ba", func() { run(b, a, stages[0]) })
		circle(name+".ab", name+".ba")
		holds(name+".ab", name+".ba")
		holds(name+".ba", name+".ab")
	})
}

var _ = pair("abba", both)
var _ = pair("abbaDeferred", bothDeferred)
var _ = pair("abbaForgetful", bothForgetful)
var _ = pair("abbaHelped", bothHelped)

var _ = shape("abbaNested", func() {
	a, b := &nested{"a", new(box)}, &nested{"b", new(box)}
	part("abbaNested.ab", func() { bothNested(a, b, stages[0]) })
	part("abbaNested.ba", func() { bothNested(b, a, stages[0]) })
	circle("abbaNested.ab", "abbaNested.ba")
})

var _ = shape("abbaGlobal", func() {
	part("abbaGlobal.left", func() { leftRight(stages[0]) })
	part("abbaGlobal.right", func() { rightLeft(stages[0]) })
	circle("abbaGlobal.left", "abbaGlobal.right")
	holds("abbaGlobal.left", "abbaGlobal.right")
})

var _ = shape("abbaInterface", func() {
	a, b := &box{}, &sync.RWMutex{}
	part("abbaInterface.ab", func() { bothLockers(&a.mu, b, stages[0]) })
	part("abbaInterface.ba", func() { bothLockers(b, &a.mu, stages[0]) })
	circle("abbaInterface.ab", "abbaInterface.ba")
})

var _ = shape("abbaGeneric", func() {
	a, b := new(cell[string]), new(cell[string])
	part("abbaGeneric.ab", func() { a.swap(b, stages[0]) })
	part("abbaGeneric.ba", func() { b.swap(a, stages[0]) })
	circle("abbaGeneric.ab", "abbaGeneric.ba")
})

var _ = shape("ring", func() {
	forks := make([]box, 5)
	for i := range forks {
		left, right := &forks[i], &forks[(i+1)%len(forks)]
		part("ring", func() { both(left, right, stages[0]) })
	}
	circle("ring")
})

var _ = shape("double", func() {
	part("double", func() { new(box).add(1) })
	circle("double")
	holds("double", "double")
})

var _ = shape("doubleCallback", func() {
	part("doubleCallback", func() {
		o := &observed{}
		o.onChange = func() { o.value += o.get() }
		o.set(1)
	})
	circle("doubleCallback")
})

var _ = shape("doubleForgetful", func() {
	part("doubleForgetful", func() {
		b := new(box)
		b.mu.Lock()
		b.value++
		b.mu.Lock()
		b.value++
	})
	circle("doubleForgetful")
})

var _ = shape("doubleInLoop", func() {
	part("doubleInLoop", func() { consumeAll(new(box)) })
	circle("doubleInLoop")
})

var _ = shape("doubleOnce", func() {
	part("doubleOnce", func() {
		var once sync.Once
		once.Do(func() { once.Do(func() {}) })
	})
	circle("doubleOnce")
})

// The holder returned long ago.
var _ = shape("missingUnlock", func() {
	b := new(box)
	part("missingUnlock.first", func() {
		b.consume()
		<-stages[3]
		select {}
	})
	part("missingUnlock.second", func() {
		<-stages[0]
		b.consume()
	})
	holds("missingUnlock.second")
	lost("missingUnlock.first", "missingUnlock.second")
})

// Two locks in one block of 16 bytes, each taken twice by its own.
var _ = shape("tinySelf", func() {
	type small struct{ mu sync.Mutex }
	for i := 0; i < 4; i++ {
		s := new(small)
		name := "tinySelf." + string(rune('a'+i))
		part(name, func() { twice(&s.mu) })
		circle(name)
		holds(name, name)
	}
})

//go:noinline
func twice(mu *sync.Mutex) {
	mu.Lock()
	onceMore(mu)
	mu.Unlock()
}

//go:noinline
func onceMore(mu *sync.Mutex) {
	mu.Lock()
	defer mu.Unlock()
}
