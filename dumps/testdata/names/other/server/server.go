// Package server has the name of another package of this program.
package server

import "sync"

// Server serves.
type Server struct{ Clients [9]int }

// Default is the only one.
var Default = &Server{}

// Serve waits for ever.
//
//go:noinline
func (s *Server) Serve(started *sync.WaitGroup) {
	started.Done()
	var lock sync.Mutex
	lock.Lock()
	lock.Lock()
	s.Clients[0]++
}
