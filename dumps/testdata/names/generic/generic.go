// Package generic has nothing but a generic function: debug information has no unit for it.
package generic

// Wait blocks for ever.
//
//go:noinline
func Wait[T any](value T) T {
	for range make(chan T) {
	}
	return value
}
