// Roots exactly as the garbage collector sees them: data and bss, stacks, specials, queues; and who owns each.
//
// The collector asks only which words are pointers. A person wants to know whose they are and what they mean: so each root
// gets an owner (a variable, a goroutine, a finalizer), and where its type is known a code of what it points to, from which
// typing begins. Source: runtime/mgcmark.go markroot.
import type { Findings } from "../base/findings.js";
import type { Progress } from "../base/progress.js";
import { type Address, hex, NONE, NOT_AN_ADDRESS, type OwnerId, type TypeId, WORD } from "../base/units.js";
import { type VariablePart, variableAt } from "../runtime/frame-variables.js";
import type { Goroutine } from "../runtime/goroutines.js";
import type { GoRuntime } from "../runtime/runtime.js";
import type { SpecialRoot } from "../runtime/specials.js";
import { type StackRoot, stackRoots } from "../runtime/stack-roots.js";
import type { Frame } from "../runtime/unwind.js";
import { type CodeEvidence, CodePointers } from "./code-pointers.js";
import { eachPointer } from "./object-pointers.js";
import type { ObjectTable } from "./objects.js";
import { KIND_STEP, POINTER, type PointerKinds } from "./pointer-kinds.js";
import { Rows, WHAT } from "./root-rows.js";
import { pathTo, type StackValue } from "./stack-value.js";
import { StackValues } from "./stack-values.js";
import { findStatics, readDataWords, type StaticVariable } from "./statics.js";

/** What has roots. Registers are of a goroutine, but not of a frame of it; data is without a variable. */
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
  /** That a finalizer, cleanup or weak handle is set on; where it lies. */
  readonly object?: Address;
}

/** Where a root lies, for people. */
export interface RootDescription {
  readonly owner: Owner;
  readonly frame: Frame | undefined;
  readonly goroutine: Goroutine | undefined;
  /** The local variable whose value the slot is known to hold, and the slot's place in it; or the one that `through` begins at. */
  readonly local: VariablePart | undefined;
  /** Values on the stack that lead from the variable to the slot, which lies in the last of them. */
  readonly through: readonly StackValue[];
  /** "stack slot", "argument", "register rax"... when no variable is known. */
  readonly place: string;
  readonly certain: boolean;
  readonly slot: Address;
  /** What of the code tells the type of the pointer, where no variable does. */
  readonly byCode: CodeEvidence | undefined;
}

/** Rows ascending by owner. */
export interface RootTable {
  readonly count: number;
  readonly owners: readonly Owner[];
  /** [count] OwnerId */
  readonly owner: Uint32Array;
  /** [count] address of the pointer's own place; NOT_AN_ADDRESS in a register. */
  readonly slot: Float64Array;
  /** [count] the pointer. */
  readonly value: Float64Array;
  /** [count] ObjectId */
  readonly object: Uint32Array;
  /** [count] 1 = a known pointer, 0 = conservative. */
  readonly certain: Uint8Array;
  /** [count] what the pointer means, a code of pointer-kinds.ts. */
  readonly code: Int32Array;
  /** [count] type of the variable or value that holds the slot, NONE when it is unknown; and where in it the slot lies. */
  readonly type: Int32Array;
  readonly offset: Float64Array;
  describe(row: number): RootDescription;
}

/** Collects every root that hits an allocated object. */
export function collectRoots(
  runtime: GoRuntime,
  objects: ObjectTable,
  kinds: PointerKinds,
  findings: Findings,
  progress: Progress,
): RootTable {
  const owners: Owner[] = [];
  const rows = new Rows();
  // Beside the columns, since few rows have any.
  const origins: StackOrigins = { registers: new Map(), values: new Map(), code: new Map() };
  progress.stage("collecting roots", runtime.goroutines.all.length);
  dataRoots(runtime, objects, kinds, owners, rows, findings);
  goroutineRoots(runtime, objects, kinds, owners, rows, origins, progress);
  specialRoots(runtime, objects, kinds, owners, rows);
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
      const byCode = origins.code.get(row);
      const word = byCode === undefined ? WHAT[what[row]] : "stack slot";
      const place = word === "register" ? `register ${origins.registers.get(row) ?? "?"}` : word;
      const known = { owner, goroutine, place, certain: table.certain[row] === 1, slot, byCode };
      const local = goroutine && frame && slot !== NOT_AN_ADDRESS ? variableAt(runtime, goroutine, frame, slot) : undefined;
      const path = local ? undefined : pathTo(origins.values.get(row));
      return path ? { ...known, ...path } : { ...known, frame, local, through: [] };
    },
  };
}

/** What is known of roots in stacks beside their columns. */
interface StackOrigins {
  readonly registers: Map<number, string>;
  /** Where no variable is. */
  readonly values: Map<number, StackValue>;
  readonly code: Map<number, CodeEvidence>;
}

/** Words of data and bss: one owner a variable, for words come in the order of addresses. */
function dataRoots(runtime: GoRuntime, objects: ObjectTable, kinds: PointerKinds, owners: Owner[], rows: Rows, findings: Findings): void {
  const words = readDataWords(runtime, findings);
  const statics = findStatics(runtime, kinds, words);
  let global: StaticVariable | undefined;
  let owner = NONE;
  for (let i = 0; i < words.count; i++) {
    const slot = words.slot[i];
    const object = objects.find(words.value[i]);
    if (object === NONE) continue;
    // Words ascend: a new owner begins where the last variable has ended.
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
    rows.add(
      owner,
      slot,
      words.value[i],
      object,
      words.certain[i] === 1,
      global ? kinds.codeAt(global.type, slot - global.address) : POINTER.unknown,
      "global",
    );
  }
}

/** Of each goroutine two owners: its stack, and its registers where they are known. */
function goroutineRoots(
  runtime: GoRuntime,
  objects: ObjectTable,
  kinds: PointerKinds,
  owners: Owner[],
  rows: Rows,
  origins: StackOrigins,
  progress: Progress,
): void {
  let done = 0;
  const code = runtime.binary.from === "tables" ? new CodePointers(runtime, kinds, objects) : undefined;
  for (const goroutine of runtime.goroutines.all) {
    progress.tick(++done);
    const { roots, inner } = stackRoots(runtime, goroutine);
    if (roots.length === 0) continue;
    const { frames } = goroutine.unwound();
    const values = new StackValues(runtime, kinds, goroutine, inner);
    const place = (register: boolean): OwnerId => {
      owners.push({ kind: register ? "register" : "goroutine", name: `goroutine ${goroutine.id}`, goroutine: goroutine.id });
      return owners.length - 1;
    };
    // Twice over the roots, so that the rows of an owner stand together.
    for (const register of [false, true]) {
      let owner = NONE;
      for (const root of roots) {
        if ((root.what === "register") !== register) continue;
        const object = objects.find(root.value);
        if (object === NONE) continue;
        if (owner === NONE) owner = place(register);
        const row = rows.owner.length;
        const frame = root.frame >= 0 ? frames[root.frame] : undefined;
        if (register) origins.registers.set(row, root.register ?? "?");
        let meaning: number =
          root.what === "ctxt" || root.what === "defer" ? POINTER.func : stackCode(runtime, kinds, rows, values, root, frame, origins);
        const told = meaning === POINTER.unknown ? code?.at(frames, root, object) : undefined;
        if (told) {
          meaning = told.code;
          origins.code.set(row, told.evidence);
        }
        rows.add(owner, root.slot, root.value, object, root.certain, meaning, root.what, root.frame);
      }
    }
  }
}

/** What a pointer in a stack means; the next row is told the value that it lies in. */
function stackCode(
  runtime: GoRuntime,
  kinds: PointerKinds,
  rows: Rows,
  values: StackValues,
  { slot, certain }: StackRoot,
  frame: Frame | undefined,
  origins: StackOrigins,
): number {
  if (!certain || slot === NOT_AN_ADDRESS) return POINTER.unknown;
  const recorded = values.recordedAt(slot);
  const local = recorded || !frame ? undefined : runtime.variables.localAt(frame, slot);
  if (local && frame) {
    const offset = slot - (frame.fp + local.offset);
    rows.in(local.type, offset);
    return kinds.codeAt(local.type, offset);
  }
  const value = recorded ?? (frame && values.pointedAt(slot));
  if (!value) return POINTER.unknown;
  rows.in(value.type, values.offsetIn(value, slot));
  origins.values.set(rows.owner.length, value);
  return values.codeAt(value, slot);
}

/** T of an object whose finalizer was set by a *T, or waits in the queue with one; NONE when nothing says it. */
export function finalizedType(runtime: GoRuntime, { pointerType }: SpecialRoot): TypeId {
  const type = pointerType > 0 ? runtime.types.byRtype(pointerType) : NONE;
  return type === NONE ? NONE : runtime.types.get(type).element;
}

/** Finalizers, cleanups and weak handles of objects, and those that wait in a queue to be run. runtime/mgcmark.go markrootSpans */
function specialRoots(runtime: GoRuntime, objects: ObjectTable, kinds: PointerKinds, owners: Owner[], rows: Rows): void {
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
      owners.push({ kind: special.kind, name: `${special.kind} of ${hex(special.object)}`, object: special.object });
    }
    const ownType = finalizedType(runtime, special);
    for (const { slot, value, role } of special.pointers) {
      const object = objects.find(value);
      if (object === NONE) continue;
      let code: number = role === "fn" ? POINTER.func : POINTER.unknown;
      if (role === "arg" && ownType !== NONE) code = POINTER.typed + ownType * KIND_STEP;
      if (role === "arg" && special.kind.startsWith("cleanup")) {
        // AddCleanup boxes its argument; the cleanup function's parameter says of which type.
        const fn = special.pointers.find((each) => each.role === "fn")?.value ?? 0;
        const target = fn > 0 ? runtime.parameterType(memory.tryAddress(fn) ?? 0) : NONE;
        if (target !== NONE) code = POINTER.typed + target * KIND_STEP;
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
        const code = ownType === NONE ? POINTER.unknown : kinds.codeAt(ownType, word * WORD - skip);
        rows.add(owner, objects.addressOf(id) + word * WORD, value, object, true, code, "special");
      });
    }
  }
  rows.sortByOwner();
}
