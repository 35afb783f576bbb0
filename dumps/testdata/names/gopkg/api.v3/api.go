// Package api has a dot in the last element of its path: the linker writes it as %2e.
package api

import "sync"

// Node is what is decoded.
type Node struct {
	Kind  int
	Value string
	Next  *Node
}

// Decoder decodes.
type Decoder struct{ Nodes map[string]*Node }

// Default is the only one.
var Default = &Decoder{Nodes: map[string]*Node{"first": {Kind: 1, Value: "one"}}}

// Decode waits for ever.
//
//go:noinline
func (d *Decoder) Decode(started *sync.WaitGroup) {
	started.Done()
	var none chan *Node
	d.Nodes["late"] = <-none
}
