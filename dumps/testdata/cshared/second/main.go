// The second library of Go in the same process: a runtime, a heap and types of its own.
package main

import "C"

import (
	"fmt"
	"runtime"
	"unsafe"

	"corescope.example/dumps/truth"
)

// An Order is only in this library.
type Order struct {
	ID   int
	Name string
}

var orders = map[string]*Order{}

// FillSecond makes so many orders.
//
//export FillSecond
func FillSecond(n C.int) {
	for i := 0; i < int(n); i++ {
		name := fmt.Sprint("order-", i)
		orders[name] = &Order{i, name}
	}
	truth.Types(map[string]int{"main.Order": len(orders)})
	truth.Known(unsafe.Pointer(orders["order-7"]), "main.Order", `main.orders["order-7"]`)
	truth.Settle()
	truth.Say("second", map[string]int{"goroutines": runtime.NumGoroutine()})
}

func main() {}
