//go:build cgo

package main

/*
#include <pthread.h>
#include <unistd.h>

extern void calledFromC(int);

static void *few(void *unused) {
	for (int i = 0; i < 5; i++) calledFromC(i);
	return 0;
}

static void *forever(void *unused) {
	for (int i = 0;; i++) {
		calledFromC(i);
		usleep(100);
	}
	return 0;
}

static void begin(void *(*body)(void *)) {
	pthread_t thread;
	if (pthread_create(&thread, 0, body, 0) == 0) pthread_detach(thread);
}

static void beginForever(void) { begin(forever); }
static void beginFew(void) { begin(few); }
*/
import "C"

import "time"

var called int

//export calledFromC
func calledFromC(n C.int) {
	shared.Lock()
	called += int(n)
	shared.Unlock()
}

// callbacks lets threads of C call into Go, some for ever and some that come and go: a goroutine's id is used again
// and again, on other threads.
func callbacks() {
	for i := 0; i < 2; i++ {
		C.beginForever()
	}
	go func() {
		for {
			C.beginFew()
			time.Sleep(time.Millisecond)
		}
	}()
}
