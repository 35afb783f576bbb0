// callback dies inside Go code that C has called, or inside C, with threads and goroutines on either side:
//
//	callback [panic|nil|quit|alive|fault]
//
// A thread of C alone turns in a loop; another has called into Go and waits there; a goroutine is in a C function that waits;
// one has gone from Go to C and back three times. "fault" is a bad access by C itself.
package main

/*
#cgo LDFLAGS: -lpthread
#include <pthread.h>
#include <stdint.h>
#include <unistd.h>

extern void goThere(int depth, char *how);
extern void goWait(int which);

static void cross(int depth, char *how) { goThere(depth, how); }
static void crossTwice(int depth, char *how) { cross(depth, how); }

static volatile int waiting;

static __attribute__((noinline)) void waitInC(void) {
	__sync_fetch_and_add(&waiting, 1);
	for (;;) pause();
}

static __attribute__((noinline)) void turnInC(void) {
	__sync_fetch_and_add(&waiting, 1);
	for (volatile unsigned i = 0;; i++);
}

static void *onlyC(void *unused) { turnInC(); return 0; }
static void *intoGo(void *unused) { goWait(1); return 0; }

static void startThreads(void) {
	pthread_t thread;
	pthread_create(&thread, 0, onlyC, 0);
	pthread_create(&thread, 0, intoGo, 0);
}

static __attribute__((noinline)) int breakC(int *where) { return *where; }
static int waitingInC(void) { return waiting; }
*/
import "C"

import (
	"os"
	"runtime"
	"time"
	"unsafe"

	"corescope.example/dumps/truth"
)

var block = make(chan int)
var arrived = make(chan int, 10)

//export goWait
func goWait(which C.int) {
	arrived <- int(which)
	<-block
}

//export goThere
func goThere(depth C.int, how *C.char) {
	if depth > 0 {
		C.crossTwice(depth-1, how)
		return
	}
	end(C.GoString(how))
}

//go:noinline
func end(how string) {
	switch how {
	case "wait":
		arrived <- 2
		<-block
	case "panic":
		panic("told to panic")
	case "nil":
		var place *[4]int
		place[2] = 7
	case "quit":
		println("please quit")
		<-block
	case "alive":
		println("please dump")
		C.waitInC()
	case "fault":
		C.breakC((*C.int)(unsafe.Pointer(uintptr(24))))
	}
}

func main() {
	how := "panic"
	if len(os.Args) > 1 {
		how = os.Args[1]
	}
	C.startThreads()
	go func() { C.waitInC() }()
	go func() { C.crossTwice(3, C.CString("wait")) }()
	<-arrived
	<-arrived
	for C.waitingInC() < 2 {
		time.Sleep(time.Millisecond)
	}
	truth.Say("goroutines", runtime.NumGoroutine())
	C.cross(1, C.CString(how))
}
