package main

import (
	"os"
	"syscall"
	"time"
	"unsafe"
)

// general reads through a pointer that no program can have: the processor tells of it as a general protection fault, without the address.
//
//go:noinline
func general() {
	word := uint64(0xdead_beef_dead_beef)
	sink = **(**int)(unsafe.Pointer(&word))
}

// signalItself sends a signal to the whole process (kill) or to the very thread (raise), as the C functions of these names do.
//
//go:noinline
func signalItself(how, name string) {
	number := map[string]syscall.Signal{
		"segv": syscall.SIGSEGV, "bus": syscall.SIGBUS, "trap": syscall.SIGTRAP, "sys": syscall.SIGSYS, "abrt": syscall.SIGABRT, "quit": syscall.SIGQUIT,
	}[name]
	if how == "kill" {
		syscall.Kill(os.Getpid(), number)
	} else {
		syscall.RawSyscall(syscall.SYS_TGKILL, uintptr(os.Getpid()), uintptr(syscall.Gettid()), uintptr(number))
	}
	time.Sleep(10 * time.Second)
	panic("the signal was not noticed")
}
