// Program chains crashes with linked chains whose links are of several types; its argument says how long they are.
package main

import (
	"container/list"
	"context"
	"os"
	"strconv"

	"corescope.example/dumps/truth"
)

// Same is linked to its own kind.
type Same struct {
	Next *Same
	ID   int
}

// Ticket and Payload are linked alternately.
type Ticket struct {
	Payload *Payload
	ID      int
}

type Payload struct {
	Next *Ticket
	Body [4]int
}

// Boxed is linked through interfaces and slices.
type Boxed struct {
	Next []any
}

// Indexed is linked through maps; it has a body beside.
type Indexed struct {
	Next map[string]*Indexed
	Body []byte
}

type key int

var (
	same     *Same
	tickets  *Ticket
	boxed    *Boxed
	indexed  *Indexed
	contexts context.Context
	calls    func() int
	ring     = list.New()
	// Not a chain: an ordinary nest of a few levels.
	nest *Indexed
)

func main() {
	count, _ := strconv.Atoi(os.Args[1])
	contexts = context.Background()
	calls = func() int { return 0 }
	for i := 0; i < count; i++ {
		same = &Same{same, i}
		tickets = &Ticket{&Payload{Next: tickets}, i}
		boxed = &Boxed{[]any{boxed}}
		if i%10 == 0 {
			indexed = &Indexed{map[string]*Indexed{"next": indexed}, make([]byte, 64)}
		}
		contexts = context.WithValue(contexts, key(i), i)
		inner := calls
		calls = func() int { return inner() + 1 }
		ring.PushBack(&Ticket{nil, i})
	}
	for i := 0; i < 5; i++ {
		nest = &Indexed{map[string]*Indexed{"next": nest}, make([]byte, count*10)}
	}
	truth.Say("length", count)
	panic("chains")
}
