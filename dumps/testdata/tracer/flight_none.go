//go:build !go1.25 && !xexp

package main

import "bytes"

func startFlight() { panic("the standard library has no flight recorder before Go 1.25") }

func snapshot(*bytes.Buffer) {}
