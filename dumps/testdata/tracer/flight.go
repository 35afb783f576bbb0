//go:build go1.25 && !xexp

package main

import (
	"bytes"
	"runtime/trace"
	"time"
)

var recorder *trace.FlightRecorder

func startFlight() {
	recorder = trace.NewFlightRecorder(trace.FlightRecorderConfig{MinAge: 10 * time.Second, MaxBytes: 8 << 20})
	if err := recorder.Start(); err != nil {
		panic(err)
	}
}

// snapshot is what the program itself can get: the ground truth.
func snapshot(b *bytes.Buffer) {
	if _, err := recorder.WriteTo(b); err != nil {
		panic(err)
	}
}
