// Package cache lies in a folder of another name, and is generic.
package cache

// Cache maps keys to values.
type Cache[K comparable, V any] struct {
	entries map[K]*Entry[V]
	count   int
}

// Entry is one value.
type Entry[V any] struct {
	Value V
	uses  int
}

// Made counts the caches.
var Made int

// New makes an empty one.
func New[K comparable, V any]() *Cache[K, V] {
	Made++
	return &Cache[K, V]{entries: map[K]*Entry[V]{}}
}

// Put adds a value.
func (c *Cache[K, V]) Put(key K, value V) {
	c.entries[key] = &Entry[V]{Value: value}
	c.count++
}
