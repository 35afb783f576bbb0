// Roots exactly as the garbage collector sees them: data and bss, stacks, specials, queues; and who owns each.
import type { Findings } from "../base/findings.js";
import type { Progress } from "../base/progress.js";
import { type Address, hex, NONE, NOT_AN_ADDRESS, type ObjectId, type OwnerId, type TypeId, WORD } from "../base/units.js";
import { variableAt } from "../runtime/frame-variables.js";
import type { Goroutine } from "../runtime/goroutines.js";
import { tryChannel } from "../runtime/records/channel.js";
import { defersOf } from "../runtime/records/defer.js";
import { sudogsOf } from "../runtime/records/sudog.js";
import type { GoRuntime } from "../runtime/runtime.js";
import type { SpecialRoot } from "../runtime/specials.js";
import { stackRoots } from "../runtime/stack-roots.js";
import type { Frame } from "../runtime/unwind.js";
import { eachPointer } from "./object-pointers.js";
import type { ObjectTable } from "./objects.js";
import { type DataWords, findStatics, type StaticVariable } from "./statics.js";
import { SLOT, SLOT_STEP, type TypeSlots } from "./type-slots.js";

export type OwnerKind =
  | "global"
  | "goroutine"
  | "register"
  | "finalizer"
  | "cleanup"
  | "weak-handle"
  | "finalizer-queue"
  | "cleanup-queue"
  | "data";

/** What holds roots: a graph node between the virtual root and the objects. */
export interface Owner {
  readonly kind: OwnerKind;
  /** "main.global", "goroutine 17", "finalizer of 0xc000012000". */
  readonly name: string;
  readonly goroutine?: number;
  readonly global?: StaticVariable;
}

/** Where a root lies, for people. */
export interface RootDescription {
  readonly owner: Owner;
  readonly frame: Frame | undefined;
  readonly goroutine: Goroutine | undefined;
  /** The local variable whose value the slot is known to hold, and the slot's place in it. */
  readonly local: ReturnType<typeof variableAt>;
  /** "stack slot", "argument", "register rax"... when no variable is known. */
  readonly place: string;
  readonly certain: boolean;
  readonly slot: Address;
}

/** Rows ascending by owner. */
export interface RootTable {
  readonly count: number;
  readonly owners: readonly Owner[];
  /** [count] OwnerId */
  readonly owner: Uint32Array;
  /** [count] address of the pointer; NOT_AN_ADDRESS in a register. */
  readonly slot: Float64Array;
  /** [count] the pointer. */
  readonly value: Float64Array;
  /** [count] ObjectId */
  readonly object: Uint32Array;
  /** [count] 1 = a known pointer, 0 = conservative. */
  readonly certain: Uint8Array;
  /** [count] what the pointer means, a code of type-slots.ts. */
  readonly code: Int32Array;
  /** [count] type of the variable or value that holds the slot, NONE when it is unknown; and where in it the slot lies. */
  readonly type: Int32Array;
  readonly offset: Float64Array;
  describe(row: number): RootDescription;
}

const WHAT = ["global", "local", "argument", "stack object", "conservative", "ctxt", "defer", "panic", "register", "special"] as const;

class Rows {
  owner: number[] = [];
  slot: number[] = [];
  value: number[] = [];
  object: number[] = [];
  certain: number[] = [];
  code: number[] = [];
  frame: number[] = [];
  what: number[] = [];
  type: number[] = [];
  offset: number[] = [];

  /** The next row's pointer lies in a value of this type. */
  in(type: TypeId, offset: number): void {
    this.type[this.owner.length] = type;
    this.offset[this.owner.length] = offset;
  }

  add(
    owner: OwnerId,
    slot: Address,
    value: Address,
    object: ObjectId,
    certain: boolean,
    code: number,
    what: (typeof WHAT)[number],
    frame = NONE,
  ): void {
    this.type[this.owner.length] ??= NONE;
    this.offset[this.owner.length] ??= 0;
    this.owner.push(owner);
    this.slot.push(slot);
    this.value.push(value);
    this.object.push(object);
    this.certain.push(certain ? 1 : 0);
    this.code.push(code);
    this.frame.push(frame);
    this.what.push(WHAT.indexOf(what));
  }
}

/** Collects every root that hits an allocated object. */
export function collectRoots(
  runtime: GoRuntime,
  objects: ObjectTable,
  slots: TypeSlots,
  findings: Findings,
  progress: Progress,
): RootTable {
  const owners: Owner[] = [];
  const rows = new Rows();
  const registers = new Map<number, string>();
  progress.stage("collecting roots", runtime.goroutines.all.length);
  dataRoots(runtime, objects, slots, owners, rows, findings);
  goroutineRoots(runtime, objects, slots, owners, rows, registers, progress);
  specialRoots(runtime, objects, slots, owners, rows);
  const table = {
    count: rows.owner.length,
    owners,
    owner: Uint32Array.from(rows.owner),
    slot: Float64Array.from(rows.slot),
    value: Float64Array.from(rows.value),
    object: Uint32Array.from(rows.object),
    certain: Uint8Array.from(rows.certain),
    code: Int32Array.from(rows.code),
    type: Int32Array.from(rows.type),
    offset: Float64Array.from(rows.offset),
  };
  const frames = Int32Array.from(rows.frame);
  const what = Uint8Array.from(rows.what);
  return {
    ...table,
    describe(row) {
      const owner = owners[table.owner[row]];
      const goroutine = owner.goroutine === undefined ? undefined : runtime.goroutines.find(owner.goroutine);
      const frame = frames[row] >= 0 ? goroutine?.unwound().frames[frames[row]] : undefined;
      const slot = table.slot[row];
      const place = WHAT[what[row]] === "register" ? `register ${registers.get(row) ?? "?"}` : WHAT[what[row]];
      return {
        owner,
        frame,
        goroutine,
        local: goroutine && frame && slot !== NOT_AN_ADDRESS ? variableAt(runtime, goroutine, frame, slot) : undefined,
        place,
        certain: table.certain[row] === 1,
        slot,
      };
    },
  };
}

/** Words of data and bss that the module's masks name. runtime/mgcmark.go markrootBlock */
function readDataWords(runtime: GoRuntime, findings: Findings): DataWords {
  const { memory } = runtime.process;
  const slots: number[] = [];
  const values: number[] = [];
  for (const module of runtime.modules) {
    const areas = [
      { start: module.data, end: module.edata, mask: module.gcdatamask },
      { start: module.bss, end: module.ebss, mask: module.gcbssmask },
    ];
    for (const { start, end, mask } of areas) {
      const words = Math.min(Math.floor((end - start) / WORD), mask.n);
      if (!(words > 0)) continue;
      const bits = memory.tryBytes(mask.bytes, Math.ceil(words / 8))?.slice();
      const bytes = memory.tryBytes(start, words * WORD)?.slice();
      if (!bits || !bytes) {
        findings.add("data-missing", "global variables or their pointer masks are not in the core", hex(start), { partial: true });
        continue;
      }
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      for (let word = 0; word < words; word++) {
        if ((bits[word >>> 3] & (1 << (word & 7))) === 0) continue;
        const high = view.getUint32(word * 8 + 4, true);
        const value = high * 0x100000000 + view.getUint32(word * 8, true);
        if (value === 0 || high > 0xffff) continue;
        slots.push(start + word * WORD);
        values.push(value);
      }
    }
  }
  return { slot: Float64Array.from(slots), value: Float64Array.from(values), count: slots.length };
}

function dataRoots(runtime: GoRuntime, objects: ObjectTable, slots: TypeSlots, owners: Owner[], rows: Rows, findings: Findings): void {
  const words = readDataWords(runtime, findings);
  const statics = findStatics(runtime, slots, words);
  let global: StaticVariable | undefined;
  let owner = NONE;
  for (let i = 0; i < words.count; i++) {
    const slot = words.slot[i];
    const object = objects.find(words.value[i]);
    if (object === NONE) continue;
    if (!global || slot < global.address || slot >= global.address + global.size) {
      global = statics.at(slot);
      owner = owners.length;
      owners.push(
        global
          ? { kind: "global", name: global.name, global }
          : { kind: "data", name: runtime.symbolAt(slot)?.name ?? `data ${hex(slot)}` },
      );
    }
    if (global) rows.in(global.type, slot - global.address);
    rows.add(owner, slot, words.value[i], object, true, global ? slots.codeAt(global.type, slot - global.address) : SLOT.unknown, "global");
  }
}

function goroutineRoots(
  runtime: GoRuntime,
  objects: ObjectTable,
  slots: TypeSlots,
  owners: Owner[],
  rows: Rows,
  registers: Map<number, string>,
  progress: Progress,
): void {
  let done = 0;
  for (const goroutine of runtime.goroutines.all) {
    progress.tick(++done);
    const roots = stackRoots(runtime, goroutine);
    if (roots.length === 0) continue;
    const { frames } = goroutine.unwound();
    const stackSlots = stackValues(runtime, goroutine);
    const place = (register: boolean): OwnerId => {
      owners.push({ kind: register ? "register" : "goroutine", name: `goroutine ${goroutine.id}`, goroutine: goroutine.id });
      return owners.length - 1;
    };
    for (const register of [false, true]) {
      let owner = NONE;
      for (const root of roots) {
        if ((root.what === "register") !== register) continue;
        const object = objects.find(root.value);
        if (object === NONE) continue;
        if (owner === NONE) owner = place(register);
        const frame = root.frame >= 0 ? frames[root.frame] : undefined;
        const local = frame && root.slot !== NOT_AN_ADDRESS ? runtime.variables.localAt(frame, root.slot) : undefined;
        let code: number = SLOT.unknown;
        if (root.what === "ctxt" || root.what === "defer") code = SLOT.func;
        else if (stackSlots.length > 0 && root.certain && within(stackSlots, root.slot)) {
          const element = within(stackSlots, root.slot) as StackValue;
          rows.in(element.type, root.slot - element.address);
          code = slots.codeAt(element.type, root.slot - element.address);
        } else if (local && frame && root.certain) {
          rows.in(local.type, root.slot - (frame.fp + local.offset));
          code = slots.codeAt(local.type, root.slot - (frame.fp + local.offset));
        }
        if (register) registers.set(rows.owner.length, root.register ?? "?");
        rows.add(owner, root.slot, root.value, object, root.certain, code, root.what, root.frame);
      }
    }
  }
}

interface StackValue {
  readonly address: Address;
  readonly size: number;
  readonly type: TypeId;
}

const within = (slots: readonly StackValue[], slot: Address) =>
  slots.find((each) => slot >= each.address && slot < each.address + each.size);

/** Values on the stack without a variable, of which the runtime knows the type: what is sent or received, deferred closures. */
function stackValues(runtime: GoRuntime, goroutine: Goroutine): readonly StackValue[] {
  return [...(goroutine.status === "waiting" ? waitedElements(runtime, goroutine) : []), ...deferredClosures(runtime, goroutine)];
}

/** Closures of defer statements that lie on the stack: _defer.fn points to them. */
function deferredClosures(runtime: GoRuntime, goroutine: Goroutine): readonly StackValue[] {
  const { memory, types } = runtime;
  return [...defersOf(runtime, goroutine.address)].flatMap(({ closure }) => {
    const onStack = closure >= goroutine.stack.lo && closure < goroutine.stack.hi;
    const type = onStack ? runtime.closureType(memory.tryAddress(closure) ?? 0) : NONE;
    return type === NONE ? [] : [{ address: closure, size: types.get(type).size, type }];
  });
}

/** Where a goroutine keeps what it sends, or waits to receive: sudog.elem is of the channel's element type. */
function waitedElements(runtime: GoRuntime, goroutine: Goroutine): readonly StackValue[] {
  const { types } = runtime;
  return [...sudogsOf(runtime, goroutine.address)].flatMap(({ channel, element }) => {
    const rtype = channel > 0 && element > 0 ? (tryChannel(runtime, channel)?.elementType ?? 0) : 0;
    const type = rtype > 0 ? types.byRtype(rtype) : NONE;
    return type === NONE ? [] : [{ address: element, size: types.get(type).size, type }];
  });
}

/** T of an object whose finalizer was set by a *T, or waits in the queue with one; NONE when nothing says it. */
export function finalizedType(runtime: GoRuntime, { pointerType }: SpecialRoot): TypeId {
  const type = pointerType > 0 ? runtime.types.byRtype(pointerType) : NONE;
  return type === NONE ? NONE : runtime.types.get(type).element;
}

function specialRoots(runtime: GoRuntime, objects: ObjectTable, slots: TypeSlots, owners: Owner[], rows: Rows): void {
  const { memory } = runtime.process;
  const queues = new Map<string, OwnerId>();
  for (const special of runtime.specials) {
    let owner: OwnerId;
    if (special.object === 0) {
      owner = queues.get(special.kind) ?? NONE;
      if (owner === NONE) {
        owner = owners.length;
        owners.push({ kind: special.kind, name: special.kind === "finalizer-queue" ? "finalizer queue" : "cleanup queue" });
        queues.set(special.kind, owner);
      }
    } else {
      owner = owners.length;
      owners.push({ kind: special.kind, name: `${special.kind} of ${hex(special.object)}` });
    }
    const ownType = finalizedType(runtime, special);
    for (const { slot, value, role } of special.pointers) {
      const object = objects.find(value);
      if (object === NONE) continue;
      let code: number = role === "fn" ? SLOT.func : SLOT.unknown;
      if (role === "arg" && ownType !== NONE) code = SLOT.typed + ownType * SLOT_STEP;
      if (role === "arg" && special.kind.startsWith("cleanup")) {
        // AddCleanup boxes its argument; the cleanup function's parameter says of which type.
        const fn = special.pointers.find((each) => each.role === "fn")?.value ?? 0;
        const target = fn > 0 ? runtime.parameterType(memory.tryAddress(fn) ?? 0) : NONE;
        if (target !== NONE) code = SLOT.typed + target * SLOT_STEP;
      }
      rows.add(owner, slot, value, object, true, code, "special");
    }
    if (special.kind === "finalizer") {
      // What the object points to is live, the object itself is not: a finalizer may still run on it.
      const id = objects.find(special.object);
      if (id === NONE) continue;
      const skip = objects.dataStart[objects.spanOf(id)];
      eachPointer(memory, objects, runtime.pointerMasks, id, (word, value) => {
        const object = objects.find(value);
        if (object === NONE || object === id) return;
        const code = ownType === NONE ? SLOT.unknown : slots.codeAt(ownType, word * WORD - skip);
        rows.add(owner, objects.addressOf(id) + word * WORD, value, object, true, code, "special");
      });
    }
  }
  sortByOwner(rows);
}

/** Queue entries come back to an owner met before; edges need rows ascending by owner. */
function sortByOwner(rows: Rows): void {
  const order = rows.owner.map((_, i) => i).sort((a, b) => rows.owner[a] - rows.owner[b] || a - b);
  for (const column of ["owner", "slot", "value", "object", "certain", "code", "frame", "what", "type", "offset"] as const) {
    const old = rows[column];
    rows[column] = order.map((i) => old[i]);
  }
}
