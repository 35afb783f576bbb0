// cshared is a library of Go that a program of C opens (host/host.c), to die in Go or in C:
//
//	cshared [go|c|two]
//
// "two": a second library with a Go runtime of its own is opened, too, before C aborts.
package main

import "C"

import (
	"fmt"
	"unsafe"

	"corescope.example/dumps/truth"
)

// A Ticket is only in this library.
type Ticket struct {
	ID    int
	Title string
	Body  []byte
}

var tickets = map[string]*Ticket{}
var never = make(chan int)

// FillFirst makes so many tickets and parks seven goroutines.
//
//export FillFirst
func FillFirst(n C.int) {
	for i := 0; i < int(n); i++ {
		title := fmt.Sprint("ticket-", i)
		tickets[title] = &Ticket{i, title, make([]byte, 1000)}
	}
	for i := 0; i < 7; i++ {
		go waitForever()
	}
	truth.Types(map[string]int{"main.Ticket": len(tickets)})
	truth.Known(unsafe.Pointer(tickets["ticket-7"]), "main.Ticket", `main.tickets["ticket-7"]`)
	truth.Settle()
	truth.Last()
}

func waitForever() { <-never }

// Blow dies in Go, called by C.
//
//export Blow
func Blow() { panic(fmt.Sprintf("broke with %d tickets", len(tickets))) }

func main() {}
