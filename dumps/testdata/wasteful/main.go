// Program wasteful wastes memory in every way that corescope's waste knows, computes from its own variables how much, and crashes.
package main

import (
	"bytes"
	"fmt"
	"runtime"
	"sort"
	"strings"

	"corescope.example/dumps/truth"
)

// said is what is lost, by the field that loses it and the kind of loss.
var said = map[string]int{}

func lose(path, kind string, bytes int) {
	if bytes > 0 {
		said[path+" "+kind] += bytes
	}
}

// classes are the sizes that the allocator rounds up to, as the runtime's own statistics list them.
var classes = func() []int {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	sizes := make([]int, 0, len(stats.BySize)-1)
	for _, class := range stats.BySize[1:] {
		sizes = append(sizes, int(class.Size))
	}
	return sizes
}()

// slot is the memory that n bytes take; n at most as large as the largest of classes.
func slot(n int) int { return classes[sort.SearchInts(classes, n)] }

// rounding is what is lost behind n bytes with pointers: since Go 1.22 those over 512 have a header before them.
func rounding(n int) int {
	if n > 512 {
		n += headerBytes
	}
	return slot(n) - n
}

// ---- single values ----

type Small [33]byte
type Middle struct {
	A [13]uint64
	P *int
}

type Large struct {
	A [70]uint64
	P *int
}

var smalls [100]*Small
var middles [100]*Middle
var larges [100]*Large

func values() {
	lose("main.classes", "size-class rounding", slot(len(classes)*8)-len(classes)*8)
	for i := range smalls {
		smalls[i], middles[i], larges[i] = new(Small), new(Middle), new(Large)
		lose("main.Small", "size-class rounding", slot(33)-33)
		lose("main.Middle", "size-class rounding", rounding(14*8))
		lose("main.Large", "size-class rounding", rounding(71*8))
	}
}

// ---- slices ----

type Packet struct {
	ID     int
	Header []byte
	Words  []int64
	Parts  []*Small
	Shared []uint16
}
type Envelope struct {
	Packet // embedded: its fields belong to the packet
	Note   []int32
}

var packets []*Packet
var envelope Envelope
var firsts [][]byte

func arrays() {
	for i := 0; i < 200; i++ {
		p := &Packet{ID: i, Header: make([]byte, i, 3*i+1), Words: make([]int64, 5, 12), Parts: make([]*Small, 2, 7)}
		lose("main.Packet", "size-class rounding", rounding(13*8))
		// Smaller ones share blocks of 16 bytes.
		if 3*i+1 > 16 {
			lose("main.Packet.Header", "slice capacity", 2*i+1)
			lose("main.Packet.Header", "size-class rounding", slot(3*i+1)-3*i-1)
		}
		lose("main.Packet.Words", "slice capacity", 7*8)
		lose("main.Packet.Words", "size-class rounding", slot(12*8)-12*8)
		lose("main.Packet.Parts", "slice capacity", 5*8)
		lose("main.Packet.Parts", "size-class rounding", rounding(7*8))
		// Two slices of one array: what either of them sees is in use.
		if i%2 == 1 {
			array := make([]uint16, 100)
			p.Shared = array[20:30:60]
			packets[i-1].Shared = array[5:12:40]
			lose("main.Packet.Shared", "slice capacity", (60-30)*2)
			lose("main.Packet.Shared", "pinned array", 5*2+40*2+slot(200)-200)
		}
		packets = append(packets, p)
	}
	packets = append(make([]*Packet, 0, 300), packets...)
	lose("main.packets", "slice capacity", 100*8)
	lose("main.packets", "size-class rounding", rounding(300*8))
	envelope.Note = make([]int32, 3, 30)
	lose("main.envelope.Note", "slice capacity", 27*4)
	lose("main.envelope.Note", "size-class rounding", slot(30*4)-30*4)
	firsts = make([][]byte, 64)
	lose("main.firsts", "size-class rounding", rounding(64*24))
	for i := range firsts {
		line := bytes.Repeat([]byte("x"), 1000)
		firsts[i] = line[10:20:20]
		lose("[][]uint8", "pinned array", slot(1000)-10)
	}
}

// ---- strings ----

type Metric struct{ Name, Label string }

var metrics []Metric

func texts() {
	metrics = make([]Metric, 128)
	lose("main.metrics", "size-class rounding", rounding(128*32))
	for i := range metrics {
		// 40 bytes in a slot of 48, of eight different texts; labels are literals and take no memory.
		text := strings.Repeat(string(rune('a'+i%8)), 40)
		metrics[i] = Metric{text, "label"}
		lose("main.Metric.Name", "size-class rounding", slot(40)-40)
		if i >= 8 {
			lose("main.Metric.Name", "duplicate strings", slot(40))
		}
	}
}

// ---- maps ----

type Wide struct {
	ID  int
	Pad [130]byte
}

var oncehuge = map[string]int64{}
var shrunk = map[int32]bool{}
var wides = map[Wide]*int{}
var grown = map[uint16]int8{}
var fresh = make(map[[2]int]string, 5000)
var many []map[byte]struct{}

func maps() {
	for i := 0; i < 20000; i++ {
		oncehuge[fmt.Sprint(i)] = 1
	}
	for i := 0; i < 19000; i++ {
		delete(oncehuge, fmt.Sprint(i))
	}
	for i := int32(0); i < 800; i++ {
		shrunk[i] = true
	}
	for i := int32(5); i < 800; i++ {
		delete(shrunk, i)
	}
	for i := 0; i < 600; i++ {
		wides[Wide{ID: i}] = nil
	}
	for i := 100; i < 600; i++ {
		delete(wides, Wide{ID: i})
	}
	for i := uint16(0); i < 3000; i++ {
		grown[i] = 1
	}
	for i := 0; i < 10; i++ {
		fresh[[2]int{i, i}] = ""
	}
	many = make([]map[byte]struct{}, 0, 50)
	lose("main.many", "size-class rounding", rounding(50*8))
	for i := 0; i < 50; i++ {
		m := map[byte]struct{}{}
		for j := 0; j < 100; j++ {
			m[byte(j)] = struct{}{}
		}
		for j := i; j < 100; j++ {
			delete(m, byte(j))
		}
		many = append(many, m)
		lose("map[uint8]struct {}", "map slack", slack(m))
	}
	lose("map[string]int64", "map slack", slack(oncehuge))
	lose("map[int32]bool", "map slack", slack(shrunk))
	lose("map[main.Wide]*int", "map slack", slack(wides))
	lose("map[uint16]int8", "map slack", slack(grown))
	lose("map[[2]int]string", "map slack", slack(fresh))
}

// ---- a goroutine's own ----

var never = make(chan int)

//go:noinline
func reader(size int) {
	buffer := newBuffer(size)
	<-never
	fill(buffer) // its length and capacity have to outlive the wait
}

//go:noinline
func newBuffer(size int) []byte { return make([]byte, size/10, size) }

//go:noinline
func fill(buffer []byte) { copy(buffer[:cap(buffer)], "text") }

func main() {
	values()
	arrays()
	texts()
	maps()
	for i := 0; i < 10; i++ {
		go reader(10000)
		lose("main.reader.buffer", "slice capacity", 9000)
		lose("main.reader.buffer", "size-class rounding", slot(10000)-10000)
	}
	truth.Settle()
	truth.Say("waste", said)
	truth.Settle()
	panic("all is wasted")
}
