// bubble waits inside a bubble of testing/synctest in every way that Go calls durable, and in one that it does not, then panics outside.
package main

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"corescope.example/dumps/truth"
)

var outside sync.Mutex

func waits() {
	own := make(chan int)
	full := make(chan int)
	group := new(sync.WaitGroup)
	group.Add(1)
	cond := sync.NewCond(new(sync.Mutex))
	go func() { <-own }()
	go func() { full <- 1 }()
	go func() {
		select {
		case <-own:
		case full <- 2:
		}
	}()
	go group.Wait()
	go func() {
		cond.L.Lock()
		cond.Wait()
	}()
	go time.Sleep(time.Hour)
	go func() { outside.Lock() }()
	select {}
}

func main() {
	outside.Lock()
	inBubble := func(t *testing.T) { synctest.Test(t, func(*testing.T) { waits() }) }
	go testing.Main(
		func(string, string) (bool, error) { return true, nil },
		[]testing.InternalTest{{Name: "Waits", F: inBubble}}, nil, nil,
	)
	time.Sleep(100 * time.Millisecond)
	truth.Say("bubbles", 1)
	panic("outside of the bubble")
}
