// Operations on maps and channels that a goroutine is inside of: which one, on what. The names of the runtime's functions, which the
// compiler calls for m[k] = v and the like, say it. runtime/map.go, chan.go; internal/runtime/maps since Go 1.24
import { type Address, NONE, type TypeId, WORD } from "../base/units.js";
import type { Goroutine } from "./goroutines.js";
import { LARGEST_WAIT_FRAME, MOST_WAIT_FRAMES } from "./limits.js";
import { type Operand, Operands } from "./operands.js";
import { type Channel, tryChannel } from "./records/channel.js";
import type { GoRuntime } from "./runtime.js";
import type { Frame } from "./unwind.js";

/** What is done to a map. */
export type MapAction = "write" | "read" | "delete" | "clear" | "iteration";

/** An operation on a map, and the map. */
export interface MapOperation {
  readonly action: MapAction;
  /** The frame that does it: of the program or of a library. */
  readonly frame: Frame;
  /** Where in that frame's code. */
  readonly pc: Address;
  readonly operand: Operand | undefined;
  /** Of the map; NONE. */
  readonly type: TypeId;
  /** Of its header; undefined when it is not known. */
  readonly map: Address | undefined;
}

/** By the runtime's function: what it does, and which argument is the map; "next" has it in the iterator that is its argument. */
const MAP_CALLS: readonly (readonly [RegExp, MapAction, 0 | 1, "iterator"?])[] = [
  [/^runtime\.mapassign(?:_|$)/, "write", 1],
  [/^runtime\.mapaccess[12K](?:_|$)/, "read", 1],
  [/^runtime\.mapdelete(?:_|$)/, "delete", 1],
  [/^runtime\.mapclear$/, "clear", 1],
  [/^runtime\.map(?:iterinit|IterStart)$/, "iteration", 1],
  [/^runtime\.map(?:iternext|IterNext)$/, "iteration", 0, "iterator"],
];

/** Functions inside of the runtime's own maps and channels. */
const INSIDE = /^(?:runtime|internal\/runtime\/maps|maps)\./;

/** The innermost frames; of a goroutine that panics those that made its first panic. */
function framesOfFirst(goroutine: Goroutine): readonly Frame[] {
  const { frames } = goroutine.unwound();
  const start = frames.findLastIndex(({ fn }) => fn.name === "runtime.gopanic") + 1;
  return frames.slice(start, start + MOST_WAIT_FRAMES);
}

/** The innermost operation on a map that a goroutine is inside of. */
export function mapOperationOf(runtime: GoRuntime, goroutine: Goroutine): MapOperation | undefined {
  const frames = framesOfFirst(goroutine);
  for (let index = 0; index + 1 < frames.length; index++) {
    const caller = frames[index + 1];
    if (INSIDE.test(caller.fn.name)) continue;
    return mapOperation(runtime, goroutine, caller, frames[index].fn.name);
  }
  return undefined;
}

/** Operations on maps that the code of a frame has, wherever the frame stands. */
export function mapOperationsIn(runtime: GoRuntime, goroutine: Goroutine, frame: Frame): readonly MapOperation[] {
  const operands = new Operands(runtime, goroutine, frame);
  return operands.calls().flatMap(({ index, pc, name }) => mapOperation(runtime, goroutine, frame, name, { operands, index, pc }) ?? []);
}

/** @param call  a call of the frame's code; the one that is running when absent */
function mapOperation(
  runtime: GoRuntime,
  goroutine: Goroutine,
  frame: Frame,
  name: string,
  call?: { readonly operands: Operands; readonly index: number; readonly pc: Address },
): MapOperation | undefined {
  const row = MAP_CALLS.find(([names]) => names.test(name));
  if (!row) return undefined;
  const [, action, position, iterator] = row;
  const operands = call?.operands ?? new Operands(runtime, goroutine, frame);
  const argument = operands.argument(position, call?.index);
  const pc = call?.pc ?? frame.symbolPc;
  const { types } = runtime;
  if (iterator) {
    const over = iterated(runtime, argument);
    return over && { action, frame, pc, operand: begunWith(operands, over.map), ...over };
  }
  const rtype = operands.constant(0, call?.index) ?? 0;
  const stated = rtype > 0 ? types.byRtype(rtype) : NONE;
  const isMap = argument !== undefined && argument.type !== NONE && types.get(argument.type).kind === "map";
  // A name of something that is no map is a name too many.
  if (!isMap) return { action, frame, pc, operand: undefined, type: stated, map: undefined };
  return { action, frame, pc, operand: argument, type: argument.type, map: argument.value };
}

/** In an iterator of either design: key, element, then the map's type and its header. runtime/map.go hiter; internal/runtime/maps/table.go Iter */
const ITERATOR_TYPE = 2 * WORD;
const ITERATOR_MAP = 3 * WORD;

/** The map that an iterator goes over. */
function iterated({ types, memory }: GoRuntime, iterator: Operand | undefined): Pick<MapOperation, "type" | "map"> | undefined {
  const at = iterator?.value;
  const rtype = at === undefined ? 0 : (memory.tryAddress(at + ITERATOR_TYPE) ?? 0);
  const type = rtype > 0 ? types.byRtype(rtype) : NONE;
  return at === undefined || type === NONE ? undefined : { type, map: memory.tryAddress(at + ITERATOR_MAP) };
}

/** What a range statement of the function named when it began to go over the map. */
function begunWith(operands: Operands, map: Address | undefined): Operand | undefined {
  const begun = operands.calls().filter(({ name }) => /^runtime\.map(?:iterinit|IterStart)$/.test(name));
  const named = begun.flatMap(({ index }) => operands.argument(1, index) ?? []);
  return named.find((each) => each.value !== undefined && each.value === map);
}

/** An operation on a channel that ended in a panic. */
export interface ChannelOperation {
  readonly action: "send" | "close";
  readonly frame: Frame;
  readonly operand: Operand | undefined;
  /** Of its elements; NONE. */
  readonly element: TypeId;
  readonly channel: Channel | undefined;
}

const CHANNEL_CALLS: readonly (readonly [RegExp, ChannelOperation["action"]])[] = [
  [/^runtime\.(?:chansend1|selectnbsend|chansend)$/, "send"],
  [/^runtime\.closechan$/, "close"],
];

/** The channel that a goroutine panicked at. @param isClosed  it is a closed one, not nil */
export function channelOperationOf(runtime: GoRuntime, goroutine: Goroutine, isClosed: boolean): ChannelOperation | undefined {
  const frames = framesOfFirst(goroutine);
  for (let index = 0; index + 1 < frames.length; index++) {
    const row = CHANNEL_CALLS.find(([names]) => names.test(frames[index].fn.name));
    const frame = frames[index + 1];
    if (!row || INSIDE.test(frame.fn.name)) continue;
    const argument = new Operands(runtime, goroutine, frame).argument(0);
    const operand = argument && argument.type !== NONE && runtime.types.get(argument.type).kind === "chan" ? argument : undefined;
    const channel = isClosed ? closedChannel(runtime, operand, frames.slice(0, index + 1)) : undefined;
    return { action: row[1], frame, operand, channel, element: channel ? runtime.types.byRtype(channel.elementType) : NONE };
  }
  return undefined;
}

/** By the operand's value, else the one closed channel that the runtime's frames have a word of. */
function closedChannel(runtime: GoRuntime, operand: Operand | undefined, frames: readonly Frame[]): Channel | undefined {
  const known = operand?.value === undefined ? undefined : toClosed(runtime, operand.value);
  if (known) return known;
  const found = new Map<Address, Channel>();
  for (const frame of frames) {
    const end = Math.min(frame.argp + WORD, frame.sp + LARGEST_WAIT_FRAME);
    for (let at = frame.sp; at < end; at += WORD) {
      const channel = toClosed(runtime, runtime.memory.tryAddress(at) ?? 0);
      if (channel) found.set(channel.address, channel);
    }
  }
  const [only] = found.values();
  return found.size === 1 ? only : undefined;
}

function toClosed(runtime: GoRuntime, address: Address): Channel | undefined {
  if (address <= 0 || address % WORD !== 0) return undefined;
  const channel = tryChannel(runtime, address);
  const isOne = channel?.closed && channel.length <= channel.capacity && runtime.types.byRtype(channel.elementType) !== NONE;
  return isOne ? channel : undefined;
}
