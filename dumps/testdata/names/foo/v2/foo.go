// Package foo is the second major version of its module.
package foo

import "sync"

// Foo runs.
type Foo struct{ Sizes [5]int }

// Default is the only one.
var Default = &Foo{}

// Run waits for ever.
//
//go:noinline
func (f *Foo) Run(started *sync.WaitGroup) {
	started.Done()
	select {}
}
