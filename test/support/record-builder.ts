// Records of the runtime that a test writes into memory: by struct and field, as the runtime's schema calls them.
import type { Address } from "../../src/base/units.js";
import type { Layout } from "../../src/runtime/layout/schema.js";
import type { RecordSource } from "../../src/runtime/records/chain.js";
import { layoutOf, MemoryBuilder, type Structs } from "./memory-builder.js";

/** Fields of one word, one behind the other from the start. */
const words = (...names: string[]): Structs[string] => [
  names.length * 8,
  Object.fromEntries(names.map((name, index) => [name, [index * 8, 8] as const])),
];

/** Every release's fields at once, at places of our own. */
const STRUCTS: Structs = {
  g: words(
    ..."stack.lo stack.hi _panic _defer m labels sched.ctxt goid waiting timer sleepWhen bubble sig sigcode0 sigcode1 sigpc syscallsp startpc".split(
      " ",
    ),
  ),
  bubble: words("id"),
  timer: words("when"),
  m: words(..."g0 procid gsignal curg caughtsig p id throwing dying incgo isextra alllink lockedg".split(" ")),
  // trace.buf: of two generations, each with one buffer of events and one of an experiment.
  tracedM: [
    168,
    {
      ...words(..."g0 procid gsignal curg caughtsig p id throwing dying incgo isextra alllink lockedg freelink".split(" "))[1],
      "trace.writing": [112, 1],
      "trace.buf": [120, 32],
    },
  ],
  tracedG: words(
    ..."goid m lockedm atomicstatus waitreason inMarkAssist syncSafePoint sched.sp sched.pc sched.bp sched.lr syscallsp syscallpc syscallbp".split(
      " ",
    ),
  ),
  traceBuf: [544, { link: [0, 8], lastTime: [8, 8], pos: [16, 8], lenPos: [24, 8], arr: [32, 512] }],
  traceMap: words("root", "seq"),
  traceMapNode: [64, { children: [0, 32], id: [32, 8], data: [40, 24] }],
  traceStringTable: [24, { buf: [0, 8], tab: [8, 16] }],
  profBuf: [64, { hdrsize: [0, 8], data: [8, 24], w: [32, 8], rNext: [40, 8] }],
  itab: words("Inter", "Type"),
  traceSched: words("other", "freem"),
  processor: [48, { id: [0, 4], status: [4, 4], m: [8, 8], schedwhen: [16, 8], syscallwhen: [24, 8], "trace.inSweep": [32, 1] }],
  schedulerClock: words("lastpoll"),
  collectorClock: words("last_gc_nanotime"),
  _defer: [40, { heap: [0, 1], sp: [8, 8], fn: [24, 8], link: [32, 8] }],
  _panic: [48, { arg: [8, 16], link: [24, 8], recovered: [32, 1], goexit: [33, 1], repanicked: [34, 1] }],
  sudog: [72, { g: [0, 8], next: [8, 8], prev: [16, 8], elem: [24, 8], isSelect: [32, 1], waitlink: [40, 8], c: [48, 8] }],
  hchan: [
    96,
    {
      qcount: [0, 8],
      dataqsiz: [8, 8],
      buf: [16, 8],
      closed: [28, 4],
      timer: [32, 8],
      elemtype: [40, 8],
      recvx: [56, 8],
      "recvq.first": [64, 8],
      "sendq.first": [80, 8],
    },
  ],
  semaRoot: words("lock", "treap"),
  syncMutex: [8, { state: [0, 4], sema: [4, 4] }],
  syncRWMutex: [
    24,
    { "w.state": [0, 4], "w.sema": [4, 4], writerSem: [8, 4], readerSem: [12, 4], readerCount: [16, 4], readerWait: [20, 4] },
  ],
  syncWaitGroup: [16, { state: [0, 8], sema: [8, 4] }],
  syncCond: [64, { notify: [24, 24] }],
  notifyList: [24, { wait: [0, 4], notify: [4, 4], head: [8, 8] }],
  profileBucket: words("next", "allnext", "typ", "hash", "size", "nstk"),
  memRecord: [128, { active: [0, 32], future: [32, 96] }],
  memRecordCycle: words("allocs", "frees", "alloc_bytes", "free_bytes"),
  blockRecord: words("count", "cycles"),
  ticks: words("lock", "startTicks", "startTime", "val"),
  pollDesc: [64, { fd: [0, 8], closing: [8, 1], rg: [16, 8], wg: [24, 8], rd: [32, 8], wd: [40, 8] }],
};

export class RecordBuilder {
  readonly memory = new MemoryBuilder();
  private readonly globals = new Map<string, Address>();
  private readonly structs: Structs;

  /** @param without structs, or fields as "g.sleepWhen", that this release has not */
  constructor(...without: string[]) {
    this.structs = Object.fromEntries(
      Object.entries(STRUCTS)
        .filter(([name]) => !without.includes(name))
        .map(([name, [size, fields]]) => [
          name,
          [size, Object.fromEntries(Object.entries(fields).filter(([field]) => !without.includes(`${name}.${field}`)))],
        ]),
    );
  }

  /** A new record; its address. */
  make(struct: string, fields: Readonly<Record<string, number>> = {}): Address {
    const at = this.memory.allocate(this.structs[struct]?.[0] ?? 0);
    this.set(struct, at, fields);
    return at;
  }

  set(struct: string, address: Address, fields: Readonly<Record<string, number>>): void {
    for (const [field, value] of Object.entries(fields)) {
      const place = this.structs[struct]?.[1][field];
      if (!place) throw new Error(`the test has no field ${struct}.${field}`);
      const [offset, width] = place;
      if (width >= 8) this.memory.word(address + offset, value);
      else this.memory.uint(address + offset, width as 1 | 2 | 4, value);
    }
  }

  /** A variable of the runtime of so many words; its address. */
  global(name: string, ...values: number[]): Address {
    const at = this.memory.allocate(values.length * 8);
    this.memory.words(at, ...values);
    this.globals.set(name, at);
    return at;
  }

  source(): RecordSource {
    const layout = { ...layoutOf(this.structs), global: (name: string) => this.globals.get(name) } as Layout;
    return { layout, memory: this.memory.memory() };
  }
}
