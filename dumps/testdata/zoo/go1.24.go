//go:build go1.24

package main

import (
	"runtime"
	"weak"
)

func init() { exhibits = append(exhibits, cleanups, weaks) }

type OnlyCleanup struct {
	Next *OnlyCleanup
	ID   int
}
type OnlyCleanupClosure struct {
	Next *OnlyCleanupClosure
	ID   int
}
type OnlyCleanupQueued struct {
	Self *OnlyCleanupQueued
	ID   int
}
type cleanupOwner struct {
	name string
	n    [4]int
}

var cleanupOwners []*cleanupOwner

func cleanups() {
	var argument *OnlyCleanup
	var captured *OnlyCleanupClosure
	for i := 0; i < count; i++ {
		argument = rec(&OnlyCleanup{argument, i})
		captured = rec(&OnlyCleanupClosure{captured, i})
	}
	owner := &cleanupOwner{name: "owner"}
	cleanupOwners = append(cleanupOwners, owner)
	runtime.AddCleanup(owner, func(c *OnlyCleanup) { c.ID++ }, argument)
	runtime.AddCleanup(owner, func(int) { captured.ID++ }, 7)
	for i := 0; i < count; i++ {
		queueCleanup(i)
	}
}

// As many of them as there are goroutines for cleanups wait for ever, the rest stays in the queue.
//
//go:noinline
func queueCleanup(i int) {
	q := rec(&OnlyCleanupQueued{ID: i})
	q.Self = q
	runtime.AddCleanup(&cleanupOwner{name: "dropped"}, func(q *OnlyCleanupQueued) {
		<-never
		q.ID++
	}, q)
}

type OnlyWeakLive struct {
	Self *OnlyWeakLive
	ID   int
}

// OnlyWeakDead objects have nothing but weak pointers: they are collected, their handles stay.
type OnlyWeakDead struct {
	Self *OnlyWeakDead
	ID   int
}

var weakZoo struct {
	strong []*OnlyWeakLive
	weak   []weak.Pointer[OnlyWeakLive]
	dead   []weak.Pointer[OnlyWeakDead]
}

func weaks() {
	z := &weakZoo
	for i := 0; i < count; i++ {
		s := rec(&OnlyWeakLive{ID: i})
		s.Self = s
		z.strong = append(z.strong, s)
		z.weak = append(z.weak, weak.Make(s))
		d := &OnlyWeakDead{ID: i}
		d.Self = d
		z.dead = append(z.dead, weak.Make(d))
	}
}
