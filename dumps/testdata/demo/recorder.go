//go:build go1.25

package main

import (
	"runtime/trace"
	"time"
)

// record keeps the last seconds of the execution trace in memory.
func record() (stop func()) {
	recorder := trace.NewFlightRecorder(trace.FlightRecorderConfig{MinAge: 2 * time.Second, MaxBytes: 1 << 20})
	if err := recorder.Start(); err != nil {
		panic(err)
	}
	return recorder.Stop
}
