package main

import "sync"

type table struct {
	rows int
	mu   sync.RWMutex
}

//go:noinline
func (t *table) size() int {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.rows
}

//go:noinline
func (t *table) sum(stage chan struct{}) int {
	t.mu.RLock()
	<-stage
	total := t.rows + t.size()
	t.mu.RUnlock()
	return total
}

//go:noinline
func (t *table) sumFlat(stage chan struct{}) {
	t.mu.RLock()
	t.rows += 0
	<-stage
	t.mu.RLock()
	t.rows += 0
	t.mu.RUnlock()
	t.mu.RUnlock()
}

//go:noinline
func (t *table) sumForgetful(stage chan struct{}) {
	t.mu.RLock()
	<-stage
	t.mu.RLock()
	t.rows += 0
}

//go:noinline
func (t *table) write(stage chan struct{}) {
	<-stage
	t.mu.Lock()
	t.rows++
	t.mu.Unlock()
}

//go:noinline
func (t *table) upgrade(stage chan struct{}) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	<-stage
	t.mu.Lock()
	t.rows++
	t.mu.Unlock()
}

// reread starts a reader that reads again behind a writer.
func reread(name string, read func(t *table, stage chan struct{})) bool {
	return shape(name, func() {
		t := new(table)
		part(name+".reader", func() { read(t, stages[1]) })
		part(name+".writer", func() { t.write(stages[0]) })
		circle(name+".reader", name+".writer")
	})
}

var _ = reread("rwr", func(t *table, stage chan struct{}) { t.sum(stage) })
var _ = reread("rwrFlat", (*table).sumFlat)
var _ = reread("rwrForgetful", (*table).sumForgetful)
var _ = reread("rwrLocker", func(t *table, stage chan struct{}) {
	lock := t.mu.RLocker()
	lock.Lock()
	<-stage
	lock.Lock()
	lock.Unlock()
	lock.Unlock()
})

//go:noinline
func underLocker(cond *sync.Cond, t *table, stage chan struct{}) {
	cond.L.Lock()
	defer cond.L.Unlock()
	<-stage
	t.size()
}

var _ = reread("rwrCond", func(t *table, stage chan struct{}) { underLocker(sync.NewCond(t.mu.RLocker()), t, stage) })

var _ = shape("upgrade", func() {
	t := new(table)
	part("upgrade", func() { t.upgrade(stages[0]) })
	circle("upgrade")
})

var _ = shape("upgradeTwo", func() {
	t := new(table)
	part("upgradeTwo.first", func() { t.upgrade(stages[0]) })
	part("upgradeTwo.second", func() { t.upgrade(stages[1]) })
	circle("upgradeTwo.first", "upgradeTwo.second")
})

var _ = shape("readWrite", func() {
	a, b := new(table), new(table)
	crossed := func(mine, other *table) {
		mine.mu.RLock()
		<-stages[0]
		other.mu.Lock()
		other.rows++
		other.mu.Unlock()
		mine.mu.RUnlock()
	}
	part("readWrite.ab", func() { crossed(a, b) })
	part("readWrite.ba", func() { crossed(b, a) })
	circle("readWrite.ab", "readWrite.ba")
})
