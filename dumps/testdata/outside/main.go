// outside has memory that is not Go's heap: 64 MiB of anonymous maps, which the kernel joins with the runtime's own, and a mapped file of 8 MiB.
package main

import (
	"os"
	"runtime"
	"syscall"
	"unsafe"

	"corescope.example/dumps/truth"
)

var chunks [][]byte
var file []byte
var view []string

func anonymous(bytes int) {
	p, err := syscall.Mmap(-1, 0, bytes, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		panic(err)
	}
	for i := range p {
		p[i] = byte(i)
	}
	chunks = append(chunks, p)
}

func main() {
	for i := 0; i < 1024; i++ {
		anonymous(64 << 10)
	}
	f, err := os.CreateTemp("", "corescope-db")
	if err != nil {
		panic(err)
	}
	f.WriteString("page of a database")
	f.Truncate(8 << 20)
	if file, err = syscall.Mmap(int(f.Fd()), 0, 8<<20, syscall.PROT_READ, syscall.MAP_SHARED); err != nil {
		panic(err)
	}
	os.Remove(f.Name())
	view = append(view, unsafe.String(&file[0], 18))
	runtime.GC()
	truth.Say("file", f.Name())
	truth.Settle()
	truth.Last()
	panic("outside")
}
