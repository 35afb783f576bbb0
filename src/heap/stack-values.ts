// The values of a goroutine's stack that are no variables: those that the runtime has a record of, and those that are pointed to.
import { type Address, type Bytes, NONE } from "../base/units.js";
import type { Goroutine } from "../runtime/goroutines.js";
import { tryChannel } from "../runtime/records/channel.js";
import { defersOf } from "../runtime/records/defer.js";
import { sudogsOf } from "../runtime/records/sudog.js";
import type { GoRuntime } from "../runtime/runtime.js";
import type { InnerPointer } from "../runtime/stack-roots.js";
import { PointedValues } from "./pointed-values.js";
import { POINTER, type PointerKinds } from "./pointer-kinds.js";
import { pathTo, type StackValue, ValueIndex } from "./stack-value.js";

/** The values of one goroutine's stack, found when the first is asked for. */
export class StackValues {
  private readonly runtime: GoRuntime;
  private readonly kinds: PointerKinds;
  private readonly goroutine: Goroutine;
  private readonly inner: readonly InnerPointer[];
  private readonly recorded: readonly StackValue[];
  private recordedIndex: ValueIndex | undefined;
  private pointed: ValueIndex | undefined;

  /** @param inner  the live pointers of the stack into itself */
  constructor(runtime: GoRuntime, kinds: PointerKinds, goroutine: Goroutine, inner: readonly InnerPointer[]) {
    this.runtime = runtime;
    this.kinds = kinds;
    this.goroutine = goroutine;
    this.inner = inner;
    this.recorded = [
      ...(goroutine.status === "waiting" ? waitedElements(runtime, goroutine) : []),
      ...deferredClosures(runtime, goroutine),
    ];
  }

  /** What is sent or received, and deferred closures: the runtime has a record of their types. */
  recordedAt(slot: Address): StackValue | undefined {
    if (this.recorded.length === 0) return undefined;
    this.recordedIndex ??= new ValueIndex(this.recorded);
    return this.recordedIndex.at(slot)[0];
  }

  /** The value that a pointer of known type leads to; undefined too when two such pointers say different things of the slot. */
  pointedAt(slot: Address): StackValue | undefined {
    if (this.inner.length === 0) return undefined;
    this.pointed ??= new ValueIndex(new PointedValues(this.runtime, this.kinds, this.goroutine).find(this.inner, this.recorded));
    const here = this.pointed.at(slot);
    const meanings = new Set(here.map((each) => this.codeAt(each, slot)).filter((code) => code !== POINTER.unknown));
    return meanings.size > 1 ? undefined : (here.find(pathTo) ?? here[0]);
  }

  /** What a pointer of the value means, a code of pointer-kinds.ts. */
  codeAt(value: StackValue, slot: Address): number {
    return this.kinds.codeAt(value.type, this.offsetIn(value, slot));
  }

  /** The offset in the value, or in the array's element. */
  offsetIn(value: StackValue, slot: Address): Bytes {
    return (slot - value.address) % this.runtime.types.get(value.type).size;
  }
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
