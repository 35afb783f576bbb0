// Package kinds has nothing but a type.
package kinds

// Kind is one.
type Kind struct{ Weights [11]int }
