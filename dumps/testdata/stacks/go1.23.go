//go:build go1.23

package main

import "iter"

// The goroutine of the sequence is parked in a coroutine switch.
func coroutine() {
	next, stop := iter.Pull(func(yield func(*node) bool) {
		n := fresh("held", "coroutine")
		yield(nil)
		use(n)
	})
	next()
	park()
	stop()
}

var more = []func(){coroutine}
