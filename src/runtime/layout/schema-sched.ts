// The rows of the schema for goroutines, threads, defers, and what goroutines wait on. runtime/runtime2.go
import type { StructSpec } from "./layout.js";

/** Not in every release; who asks for it says what is done without. */
const optional = { optional: true } as const;

export const schedStructs = {
  /** A goroutine. runtime/runtime2.go */
  g: {
    names: ["runtime.g"],
    fields: {
      // Its stack [lo, hi), in bytes of address space.
      "stack.lo": {},
      "stack.hi": {},
      _panic: {},
      _defer: {},
      m: {},
      // gobuf: where it goes on, saved when it was scheduled out.
      "sched.sp": {},
      "sched.pc": {},
      "sched.ctxt": {},
      "sched.lr": {},
      // Where it entered the system call that it is in; 0 outside.
      syscallsp: {},
      syscallpc: {},
      stktopsp: {},
      // What the waker hands over: a sudog.
      param: {},
      // _Grunning and the like, with the bit _Gscan; goid is what tracebacks print.
      atomicstatus: {},
      goid: {},
      schedlink: {},
      // ns of the runtime's clock, noted only since the collector saw it waiting; waitreason is an index into waitReasonStrings.
      waitsince: {},
      waitreason: {},
      // It was preempted at an arbitrary instruction: its innermost frame has no exact map.
      asyncSafePoint: {},
      lockedm: {},
      // The signal that became a panic, with its code, the address and the pc. runtime/signal_unix.go sigpanic
      sig: {},
      sigcode0: {},
      sigcode1: {},
      sigpc: {},
      parentGoid: optional,
      // pc of the go statement, and of the function that it started.
      gopc: {},
      ancestors: {},
      startpc: {},
      cgoCtxt: {},
      // Sudogs of the channel operation that it waits in; then the labels of runtime/pprof and the timer of time.Sleep.
      waiting: {},
      labels: {},
      timer: {},
      sleepWhen: optional,
      selectDone: {},
      coroarg: optional,
      // Of testing/synctest; called syncGroup in Go 1.24.
      bubble: { optional: true, names: ["bubble", "syncGroup"] },
      runningCleanups: optional,
      "xRegs.state": optional,
    },
  },
  /** A thread of the operating system. runtime/runtime2.go */
  m: {
    names: ["runtime.m"],
    fields: {
      g0: {},
      procid: {},
      gsignal: {},
      curg: {},
      caughtsig: {},
      p: {},
      id: {},
      throwing: {},
      dying: {},
      incgo: {},
      isextra: {},
      ncgo: {},
      alllink: {},
      lockedg: {},
      vdsoSP: {},
      vdsoPC: {},
    },
  },
  /** Vector registers of an asynchronously preempted goroutine, since Go 1.26. runtime/preempt_xreg.go */
  xRegState: { names: ["runtime.xRegState"], optional: true, fields: { regs: optional } },
  /** A deferred call. Those that the compiler opens into the function have no record. */
  _defer: {
    names: ["runtime._defer"],
    fields: { heap: {}, fn: {}, link: {}, sp: {}, pc: {}, rangefunc: optional, head: optional },
  },
  /** A panic that is being handled; it lies on the stack, in gopanic's frame. */
  _panic: {
    names: ["runtime._panic"],
    fields: { arg: {}, link: {}, recovered: {}, goexit: {}, repanicked: optional, slotsPtr: optional },
  },
  /** A goroutine in the queue of a channel or semaphore. elem and c lie in boxes (maybeTraceablePtr) since Go 1.26. */
  sudog: {
    names: ["runtime.sudog"],
    fields: {
      g: {},
      next: {},
      prev: {},
      elem: { names: ["elem.vu", "elem"] },
      isSelect: {},
      success: {},
      waiters: optional,
      parent: {},
      waitlink: {},
      waittail: {},
      c: { names: ["c.maybeTraceablePtr.vu", "c.vu", "c"] },
    },
  },
  /** A channel. qcount elements of elemsize bytes from recvx on in a ring of dataqsiz. runtime/chan.go */
  hchan: {
    names: ["runtime.hchan"],
    fields: {
      qcount: {},
      dataqsiz: {},
      buf: {},
      elemsize: {},
      closed: {},
      timer: optional,
      elemtype: {},
      sendx: {},
      recvx: {},
      "recvq.first": {},
      "recvq.last": {},
      "sendq.first": {},
      "sendq.last": {},
    },
  },
  /** Waiters of semaphores by address, in a treap. runtime/sema.go */
  semaRoot: { names: ["runtime.semaRoot"], fields: { treap: {}, nwait: {} } },
} as const satisfies Record<string, StructSpec>;
