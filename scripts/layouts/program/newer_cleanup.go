//go:build go1.24

package main

import (
	"runtime"
	"unique"
	"weak"
)

// newer refers to what came with Go 1.24: cleanups, weak pointers and unique handles.
func newer(n *node) {
	runtime.AddCleanup(n, func(n int) { queue <- nil }, 1)
	p := weak.Make(n)
	queue <- p.Value()
	queue <- &node{name: unique.Make(n.name).Value()}
}
