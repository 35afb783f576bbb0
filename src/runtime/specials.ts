// Special records of spans and the queues behind them: finalizers, cleanups, weak handles. runtime/mheap.go, mfinal.go, mcleanup.go
import { MemoryFault } from "../base/errors.js";
import type { Findings } from "../base/findings.js";
import { type Address, hex } from "../base/units.js";
import type { AddressSpace } from "../process/address-space.js";
import { readField } from "./layout/layout.js";
import type { Layout } from "./layout/schema.js";
import { LONGEST_QUEUE, MOST_SPECIALS } from "./limits.js";
import { chain, type OnDamage } from "./records/chain.js";
import type { SpanTable } from "./spans.js";

/** What keeps objects alive apart from variables and stacks. */
export interface SpecialRoot {
  readonly kind: "finalizer" | "cleanup" | "weak-handle" | "finalizer-queue" | "cleanup-queue";
  /** The object the special is attached to; 0 for queues. */
  readonly object: Address;
  /** abi.Type of the pointer that the finalizer was set by, *T of an object that is a T; 0 when nothing says it. */
  readonly pointerType: Address;
  /** Pointers that are roots: slot and value. */
  readonly pointers: readonly {
    readonly slot: Address;
    readonly value: Address;
    readonly role: "fn" | "arg" | "fint" | "ot" | "handle" | "call";
  }[];
}

/** Objects whose allocation was sampled, by address, each with the bucket of the heap profile that it is counted in: records/profile-buckets.ts. */
export type SampledObjects = ReadonlyMap<Address, Address>;

/** Every special and queued entry that holds roots, and what the heap profile has of objects. */
export function readSpecials(
  memory: AddressSpace,
  layout: Layout,
  spans: SpanTable,
  findings: Findings,
): { readonly roots: readonly SpecialRoot[]; readonly sampled: SampledObjects } {
  const out: SpecialRoot[] = [];
  const sampled = new Map<Address, Address>();
  // The numbers move between releases; -1 where the release has none of that kind.
  const kinds = {
    finalizer: layout.constant("runtime._KindSpecialFinalizer") ?? 1,
    weakHandle: layout.constant("runtime._KindSpecialWeakHandle") ?? -1,
    cleanup: layout.constant("runtime._KindSpecialCleanup") ?? -1,
    profile: layout.hasStruct("specialprofile") ? (layout.constant("runtime._KindSpecialProfile") ?? -1) : -1,
  };
  const special = layout.struct("special");
  const broken = (at: Address) => findings.add("special-damaged", "chains of special records break off", hex(at), { partial: true });
  // One set for all spans: a chain that runs into another is as damaged as one in a circle.
  const seen = new Set<Address>();
  for (let span = 0; span < spans.count; span++) {
    for (let at = spans.specials[span]; at > 0; ) {
      if (seen.has(at) || seen.size > MOST_SPECIALS || memory.tryBytes(at, special.size) === undefined) {
        broken(at);
        break;
      }
      seen.add(at);
      const kind = readField(memory, special, at, "kind");
      const offset = readField(memory, special, at, "offset");
      // A finalizer may be set through a pointer into the object: offset is rounded down to the slot.
      const object = spans.base[span] + offset - (offset % spans.elementSize[span]);
      try {
        if (kind === kinds.finalizer) out.push(finalizer(memory, layout, at, object));
        else if (kind === kinds.cleanup) out.push(cleanup(memory, layout, at, object));
        else if (kind === kinds.profile) sampled.set(object, memory.readAddress(at + layout.struct("specialprofile").offset("b")));
        else if (kind === kinds.weakHandle && layout.hasStruct("specialWeakHandle")) out.push(weakHandle(memory, layout, at, object));
      } catch (error) {
        if (!(error instanceof MemoryFault)) throw error;
        broken(at);
      }
      at = readField(memory, special, at, "next");
    }
  }
  for (const read of [readFinalizerQueue, readCleanupQueue]) {
    const damaged = (at: Address) =>
      findings.add("queue-damaged", "the finalizer or cleanup queue is not whole in the core", hex(at), { partial: true });
    try {
      read(memory, layout, out, damaged);
    } catch (error) {
      if (!(error instanceof MemoryFault)) throw error;
      damaged(error.address);
    }
  }
  return { roots: out, sampled };
}

/** A weak pointer's handle (since Go 1.24) is kept alive by the object. */
function weakHandle(memory: AddressSpace, layout: Layout, at: Address, object: Address): SpecialRoot {
  const slot = at + layout.struct("specialWeakHandle").offset("handle");
  return { kind: "weak-handle", object, pointerType: 0, pointers: [{ slot, value: memory.readAddress(slot), role: "handle" }] };
}

/**
 * A finalizer of an object: its closure is a root. The collector also marks what the object points to, though not the object.
 * runtime/mgcmark.go markrootSpans
 */
function finalizer(memory: AddressSpace, layout: Layout, at: Address, object: Address): SpecialRoot {
  const struct = layout.struct("specialfinalizer");
  const slot = at + struct.offset("fn");
  const pointerType = memory.readAddress(at + struct.offset("ot"));
  return { kind: "finalizer", object, pointerType, pointers: [{ slot, value: memory.readAddress(slot), role: "fn" }] };
}

/** A cleanup (runtime.AddCleanup, since Go 1.24): its closure and, since Go 1.26, its argument are roots. */
function cleanup(memory: AddressSpace, layout: Layout, at: Address, object: Address): SpecialRoot {
  const struct = layout.struct("specialCleanup");
  if (struct.has("cleanup") && layout.hasStruct("cleanupFn")) {
    return { kind: "cleanup", object, pointerType: 0, pointers: cleanupPointers(memory, layout, at + struct.offset("cleanup")) };
  }
  const slot = at + struct.offset("fn");
  return { kind: "cleanup", object, pointerType: 0, pointers: [{ slot, value: memory.readAddress(slot), role: "fn" }] };
}

/** Since Go 1.26 a cleanup is {call, fn, arg}; all three are roots. */
function cleanupPointers(memory: AddressSpace, layout: Layout, at: Address): SpecialRoot["pointers"] {
  const struct = layout.struct("cleanupFn");
  return (["call", "fn", "arg"] as const).map((role) => {
    const slot = at + struct.offset(role);
    return { slot, value: memory.readAddress(slot), role };
  });
}

/** Finalizers that were to run: runtime.allfin, all blocks that there ever were, filled up to cnt. @throws MemoryFault */
function readFinalizerQueue(memory: AddressSpace, layout: Layout, out: SpecialRoot[], damaged: OnDamage): void {
  const head = layout.global("runtime.allfin");
  if (head === undefined) return;
  const block = layout.struct("finblock");
  const entry = layout.struct("finalizer");
  const most = Math.floor((block.size - block.offset("fin")) / entry.size);
  const next = (at: Address) => readField(memory, block, at, "alllink");
  for (const at of chain(memory.readAddress(head), next, LONGEST_QUEUE, damaged)) {
    const said = readField(memory, block, at, "cnt");
    const count = Math.min(said, most);
    // What was run is cleared before it is counted off: behind the last there is nothing. runtime/mfinal.go runFinalizers
    const after = at + block.offset("fin") + count * entry.size + entry.offset("fn");
    if (said > most || (count < most && memory.readAddress(after) !== 0)) damaged(at);
    for (let k = 0; k < count; k++) {
      const base = at + block.offset("fin") + k * entry.size;
      const pointers = (["fn", "arg", "fint", "ot"] as const).map((role) => {
        const slot = base + entry.offset(role);
        return { slot, value: memory.readAddress(slot), role };
      });
      out.push({ kind: "finalizer-queue", object: 0, pointerType: memory.readAddress(base + entry.offset("ot")), pointers });
    }
  }
}

/** Cleanups that were to run: runtime.gcCleanups.all. An entry is a closure in Go 1.25, a cleanupFn since Go 1.26. @throws MemoryFault */
function readCleanupQueue(memory: AddressSpace, layout: Layout, out: SpecialRoot[], damaged: OnDamage): void {
  const queue = layout.global("runtime.gcCleanups");
  if (queue === undefined || !layout.hasStruct("cleanupQueue") || !layout.hasStruct("cleanupBlock")) return;
  const block = layout.struct("cleanupBlock");
  const wide = layout.hasStruct("cleanupFn");
  const size = wide ? layout.struct("cleanupFn").size : 8;
  const most = Math.floor((block.size - block.offset("cleanups")) / size);
  const next = (at: Address) => readField(memory, block, at, "alllink");
  for (const at of chain(memory.readAddress(queue + layout.struct("cleanupQueue").offset("all")), next, LONGEST_QUEUE, damaged)) {
    const count = Math.min(readField(memory, block, at, "n"), most);
    for (let k = 0; k < count; k++) {
      const slot = at + block.offset("cleanups") + k * size;
      const pointers = wide ? cleanupPointers(memory, layout, slot) : [{ slot, value: memory.readAddress(slot), role: "fn" as const }];
      out.push({ kind: "cleanup-queue", object: 0, pointerType: 0, pointers });
    }
  }
}
