// services are two small services that leak slowly, a tenth of what they hold, while everything around the leak is as it should be.
// Usage: services gateway|bus; the variable, type or function that leaks is said as truth "culprit".
package main

import (
	"os"
	"runtime"
	"time"

	"corescope.example/dumps/truth"
)

func main() {
	services := map[string]func() []string{"gateway": runGateway, "bus": runBus}
	run, ok := services[os.Args[1]]
	if !ok {
		panic("no service " + os.Args[1])
	}
	culprit := run()
	runtime.GC()
	runtime.GC()
	time.Sleep(50 * time.Millisecond)
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	truth.Say("culprit", culprit)
	truth.Say("heapAlloc", stats.HeapAlloc)
	panic("services: " + os.Args[1])
}
