// locals parks goroutines in functions whose arguments and local variables it has told, and ends:
//
//	locals [nil|outside|loop]
//
// "locals" has by function and name the values that a name may have there, one for each variable of that name that is in scope: a
// text, null for a variable that has none yet, or "*" for one that changes all the time.
package main

import (
	"fmt"
	"os"
	"runtime"
	"sync"
	"time"
)

var block = make(chan int)
var ready sync.WaitGroup
var sink any

//go:noinline
func park() {
	ready.Done()
	<-block
}

//go:noinline
func use(values ...any) {
	for _, each := range values {
		sink = each
	}
}

type pair struct {
	Left, Right int
	Name        string
}

// die reads through a nil pointer; its own variables are told first.
//
//go:noinline
func die(number int, text string, list []int, p *pair) int {
	before := number + 1
	sum := 0
	for _, each := range list {
		sum += each
	}
	tell("main.die", "number", number, "text", text, "list", list, "p", p, "before", before, "sum", sum, "after", notYet{})
	p.Right = before + sum
	after := p.Left + sum
	use(number, text, list, before, after)
	return after
}

// dieInLoop reads through a nil pointer in its third round, where what the next round needs may be known already.
//
//go:noinline
func dieInLoop(places []*pair, s string, first *link) int {
	tell("main.dieInLoop", "places", text("[&{Left:1 Right:0 Name:\"\"} &{Left:2 Right:0 Name:\"\"} nil]"), "s as passed", s, "s", "cde",
		"first", first, "sum", 3, "left", 5, "x", 2.0, "at", first.Next.Next, "i", 2, "after", notYet{})
	sum, left, x := 0, 7, 0.5
	at := first
	for i := 0; i < len(places); i++ {
		sum += places[i].Left
		left--
		x *= 2
		s = s[1:]
		at = at.Next
	}
	after := sum + left
	use(after, x, s, at)
	return after
}

// spin never stops: where it is interrupted its registers are known.
//
//go:noinline
func spin(limit int, label string, p *pair) int {
	fixed := limit * 3
	other := label + "!"
	count := 0
	tell("main.spin", "limit", limit, "label", label, "p", p, "fixed", fixed, "other", other, "count", moving{}, "i", moving{},
		"twice", moving{})
	ready.Done()
	for i := 1; i != 0; i++ {
		twice := i * 2
		count += twice ^ fixed
		p.Right = fixed
	}
	use(limit, label, fixed, other)
	return count
}

func end(how string) {
	if how == "outside" {
		println("please abort")
		time.Sleep(time.Hour)
	}
	if how == "loop" {
		dieInLoop([]*pair{{Left: 1}, {Left: 2}, nil}, "abcde", &link{1, &link{2, &link{3, nil}}})
	}
	die(7, "seven", []int{7, 8, 9}, nil)
}

func main() {
	cases = append(append(append(append(append(cases, silent...), stale...), passed...), loops...), folded...)
	ready.Add(len(cases) + 1)
	for _, each := range cases {
		go each()
	}
	go spin(5, "spin", &pair{1, 15, "spun"})
	ready.Wait()
	runtime.Gosched()
	time.Sleep(20 * time.Millisecond)
	fmt.Fprintln(os.Stderr, "told")
	end(append(os.Args, "nil")[1])
}
