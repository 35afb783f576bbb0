package main

import (
	"fmt"
	"strings"

	"golang.org/x/exp/trace"
)

// timed follows one goroutine or P; times in ns.
type timed struct {
	State   string           `json:"state"`
	Totals  map[string]int64 `json:"totals"`
	Changes int              `json:"changes"`
	since   int64
}

func (t *timed) settle(now int64) {
	if t.State != "" {
		t.Totals[t.State] += now - t.since
	}
	t.since = now
}

// spans counts what begins and ends; times in ns.
type spans struct {
	Count   int   `json:"count"`
	Ended   int   `json:"ended"`
	Total   int64 `json:"total"`
	Longest int64 `json:"longest"`
}

func (s *spans) end(ns int64) {
	s.Ended++
	s.Total += ns
	s.Longest = max(s.Longest, ns)
}

type scope struct {
	name string
	of   trace.ResourceID
}

type region struct {
	name  string
	begin int64
}

// figures sums a trace up, by nothing but the reader's events.
type figures struct {
	Goroutines map[string]*timed `json:"goroutines"`
	Procs      map[string]*timed `json:"procs"`
	Ranges     map[string]*spans `json:"ranges"`
	Tasks      map[string]*spans `json:"tasks"`
	Regions    map[string]*spans `json:"regions"`
	Logs       int               `json:"logs"`
	// Of each change of the heap's size: bytes, and the goal then.
	Heap [][2]uint64 `json:"heap"`

	first, now int64
	begun      bool
	goal       uint64
	open       map[scope]int64
	tasks      map[trace.TaskID]region
	regions    map[trace.GoID][]region
}

func newFigures() *figures {
	return &figures{
		Goroutines: map[string]*timed{}, Procs: map[string]*timed{}, Ranges: map[string]*spans{}, Tasks: map[string]*spans{},
		Regions: map[string]*spans{}, open: map[scope]int64{}, tasks: map[trace.TaskID]region{}, regions: map[trace.GoID][]region{},
	}
}

func spansOf(table map[string]*spans, name string) *spans {
	s := table[name]
	if s == nil {
		s = &spans{}
		table[name] = s
	}
	return s
}

// change notes a transition. What is first told by a status has been so since the trace began.
func (f *figures) change(table map[string]*timed, id fmt.Stringer, from, to string, isFirst, gone bool) {
	t := table[id.String()]
	if t == nil {
		t = &timed{Totals: map[string]int64{}, since: f.now}
		if isFirst {
			t.since = f.first
		}
		table[id.String()] = t
	} else if t.State == to {
		return
	} else {
		t.settle(f.now)
	}
	t.Changes++
	t.State = to
	if gone {
		t.State = ""
	}
}

type number int64

func (n number) String() string { return fmt.Sprint(int64(n)) }

func (f *figures) add(ev trace.Event) {
	f.now = int64(ev.Time())
	if !f.begun {
		f.begun, f.first = true, f.now
	}
	switch ev.Kind() {
	case trace.EventStateTransition:
		st := ev.StateTransition()
		switch st.Resource.Kind {
		case trace.ResourceGoroutine:
			from, to := st.Goroutine()
			f.change(f.Goroutines, number(st.Resource.Goroutine()), from.String(), to.String(), from == trace.GoUndetermined, to == trace.GoNotExist)
		case trace.ResourceProc:
			from, to := st.Proc()
			f.change(f.Procs, number(st.Resource.Proc()), from.String(), to.String(), from == trace.ProcUndetermined, false)
		}
	case trace.EventRangeBegin:
		r := ev.Range()
		spansOf(f.Ranges, r.Name).Count++
		f.open[scope{r.Name, r.Scope}] = f.now
	case trace.EventRangeEnd:
		r := ev.Range()
		key := scope{r.Name, r.Scope}
		if begin, ok := f.open[key]; ok {
			spansOf(f.Ranges, r.Name).end(f.now - begin)
			delete(f.open, key)
		}
	case trace.EventTaskBegin:
		t := ev.Task()
		spansOf(f.Tasks, t.Type).Count++
		f.tasks[t.ID] = region{t.Type, f.now}
	case trace.EventTaskEnd:
		t := ev.Task()
		if begun, ok := f.tasks[t.ID]; ok {
			spansOf(f.Tasks, begun.name).end(f.now - begun.begin)
			delete(f.tasks, t.ID)
		}
	case trace.EventRegionBegin:
		g := ev.Goroutine()
		spansOf(f.Regions, ev.Region().Type).Count++
		f.regions[g] = append(f.regions[g], region{ev.Region().Type, f.now})
	case trace.EventRegionEnd:
		g := ev.Goroutine()
		if n := len(f.regions[g]); n > 0 {
			inner := f.regions[g][n-1]
			f.regions[g] = f.regions[g][:n-1]
			spansOf(f.Regions, inner.name).end(f.now - inner.begin)
		}
	case trace.EventLog:
		f.Logs++
	case trace.EventMetric:
		m := ev.Metric()
		switch {
		case strings.HasPrefix(m.Name, "/gc/heap/goal"):
			f.goal = m.Value.Uint64()
		case strings.HasPrefix(m.Name, "/memory/classes/heap/objects"):
			f.Heap = append(f.Heap, [2]uint64{m.Value.Uint64(), f.goal})
		}
	}
}

func (f *figures) done() *figures {
	for _, table := range []map[string]*timed{f.Goroutines, f.Procs} {
		for _, t := range table {
			t.settle(f.now)
		}
	}
	return f
}
