// oracle reads a Go execution trace to its end with golang.org/x/exp/trace and says what it saw, as JSON on stdout.
// Usage: oracle FILE [-events|-figures]: -events prints each event's time, kind and context instead, -figures what a summary
// of the trace has to say. It exits 1 where the reader refuses.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"golang.org/x/exp/trace"
)

func main() {
	file, err := os.Open(os.Args[1])
	check(err)
	reader, err := trace.NewReader(bufio.NewReaderSize(file, 1<<20))
	check(err)
	events := len(os.Args) > 2 && os.Args[2] == "-events"
	var sum *figures
	if len(os.Args) > 2 && os.Args[2] == "-figures" {
		sum = newFigures()
	}
	out := bufio.NewWriterSize(os.Stdout, 1<<20)
	kinds, count, syncs, first, last := map[string]int{}, 0, 0, int64(0), int64(0)
	wall := ""
	states := map[trace.GoID]trace.GoState{}
	var logs []string
	for {
		ev, err := reader.ReadEvent()
		if err == io.EOF {
			break
		}
		if err != nil {
			out.Flush()
			fmt.Fprintf(os.Stderr, "after %d events: %.400s\n", count, err)
			os.Exit(1)
		}
		if ev.Kind() == trace.EventSync {
			syncs++
			if snap := ev.Sync().ClockSnapshot; snap != nil {
				wall = fmt.Sprint(snap.Wall.UnixNano() - int64(snap.Trace))
			}
			continue
		}
		if sum != nil {
			sum.add(ev)
		}
		if count == 0 {
			first = int64(ev.Time())
		}
		last = max(last, int64(ev.Time())) // events of equal standing may come in either order
		count++
		kinds[ev.Kind().String()]++
		switch ev.Kind() {
		case trace.EventStateTransition:
			if st := ev.StateTransition(); st.Resource.Kind == trace.ResourceGoroutine {
				_, to := st.Goroutine()
				states[st.Resource.Goroutine()] = to
			}
		case trace.EventLog:
			if log := ev.Log(); log.Category == "death" {
				logs = append(logs, log.Message)
			}
		}
		if events {
			fmt.Fprintf(out, "%d %s M%d P%d G%d", ev.Time(), ev.Kind(), ev.Thread(), ev.Proc(), ev.Goroutine())
			for frame := range ev.Stack().Frames() {
				fmt.Fprintf(out, " %x:%s:%s:%d", frame.PC, frame.Func, frame.File, frame.Line)
			}
			fmt.Fprintln(out)
		}
	}
	if sum != nil {
		check(json.NewEncoder(out).Encode(sum.done()))
	} else if !events {
		goroutines := map[string]string{}
		for id, state := range states {
			if state != trace.GoNotExist {
				goroutines[fmt.Sprint(id)] = state.String()
			}
		}
		check(json.NewEncoder(out).Encode(map[string]any{
			"events": count, "generations": syncs - 1, "first": fmt.Sprint(first), "last": fmt.Sprint(last), "kinds": kinds,
			"wallOffset": wall, "goroutines": goroutines, "death": logs,
		}))
	}
	check(out.Flush())
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
