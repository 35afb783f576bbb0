// cthread dies on a thread that C created, where the runtime has no goroutine to blame, or by a signal that it sends itself:
//
//	cthread [segv|general|abort|fpe|ill|bus|altstack|handler|onstack|default|kill]
//
// "altstack" has a signal stack of C's own; "handler" and "onstack" a handler of C's own that aborts, on the stack that it
// interrupted or on C's signal stack; "default" has no handler at all; "kill" is SIGSEGV sent by Go to its own process.
package main

/*
#cgo LDFLAGS: -lpthread
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct pump { int id; char *volatile buf; };
static char *how;
static volatile int sink;

static __attribute__((noinline)) void pump_step(struct pump *p) { p->buf[0] = 1; }
static __attribute__((noinline)) void pump_run(struct pump *p) { pump_step(p); }
static __attribute__((noinline)) int divide(volatile int a, volatile int b) { return a / b; }
static __attribute__((noinline)) void illegal(void) { __builtin_trap(); }
static __attribute__((noinline)) void give_up(void) { abort(); }

static void on_signal(int sig) { give_up(); }

static void handle(int flags, int given) {
	struct sigaction action;
	memset(&action, 0, sizeof action);
	action.sa_handler = given ? on_signal : SIG_DFL;
	action.sa_flags = flags;
	sigaction(SIGSEGV, &action, 0);
}

static void own_stack(void) {
	stack_t stack;
	memset(&stack, 0, sizeof stack);
	stack.ss_size = 1 << 16;
	stack.ss_sp = malloc(stack.ss_size);
	sigaltstack(&stack, 0);
}

static void *die(void *unused) {
	struct pump p = {7, (char *)0x40};
	usleep(100000);
	if (!strcmp(how, "fpe")) sink = divide(7, 0);
	if (!strcmp(how, "ill")) illegal();
	if (!strcmp(how, "abort")) give_up();
	if (!strcmp(how, "general")) p.buf = (char *)0x4141414141414141;
	if (!strcmp(how, "bus")) {
		char name[] = "/tmp/corescope-busXXXXXX";
		int file = mkstemp(name);
		unlink(name);
		p.buf = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	}
	if (!strcmp(how, "altstack") || !strcmp(how, "onstack")) own_stack();
	if (!strcmp(how, "handler")) handle(0, 1);
	if (!strcmp(how, "onstack")) handle(SA_ONSTACK, 1);
	if (!strcmp(how, "default")) handle(0, 0);
	pump_run(&p);
	return 0;
}

static void start(char *way) {
	pthread_t thread;
	how = way;
	pthread_create(&thread, 0, die, 0);
}
*/
import "C"

import (
	"os"
	"runtime"
	"syscall"
	"time"

	"corescope.example/dumps/truth"
)

func main() {
	truth.Say("goroutines", runtime.NumGoroutine())
	if os.Args[1] == "kill" {
		syscall.Kill(os.Getpid(), syscall.SIGSEGV)
	} else {
		C.start(C.CString(os.Args[1]))
	}
	time.Sleep(time.Minute)
}
