// crossed ends regions of its trace out of order, which Go's own readers refuse, and dies with the trace in its memory.
// Usage: crossed. It does so three times: in the first generation, with a region of the first that ends in the last, in the last.
package main

import (
	"bytes"
	"context"
	"runtime/trace"
	"time"

	"corescope.example/dumps/truth"
)

var (
	out   bytes.Buffer
	ticks = make(chan int)
)

// cross begins two regions and ends the outer one first.
func cross(ctx context.Context) {
	outer := trace.StartRegion(ctx, "outer")
	inner := trace.StartRegion(ctx, "inner")
	trace.Log(ctx, "in", "both")
	outer.End()
	trace.Log(ctx, "in", "inner")
	inner.End()
}

type victim struct{ next *victim }

func main() {
	if err := trace.Start(&out); err != nil {
		panic(err)
	}
	go func() {
		for range ticks {
		}
	}()
	ctx, task := trace.NewTask(context.Background(), "crossing")
	cross(ctx)
	// It begins in one generation and ends in another, with a region of its own generation open.
	long := trace.StartRegion(ctx, "long")
	begun := time.Now()
	for i := 0; time.Since(begun) < 1300*time.Millisecond; i++ { // a generation takes a second
		trace.WithRegion(ctx, "tick", func() { ticks <- i })
		time.Sleep(200 * time.Microsecond)
	}
	short := trace.StartRegion(ctx, "short")
	long.End()
	short.End()
	cross(ctx)
	task.End()
	truth.Say("regions", 3)
	var v *victim
	v.next.next = v
}
