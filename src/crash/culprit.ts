// What the program died of by name: the map that was in use, the channel that was closed or nil, the pointer that was nil.
import { type Address, type Hex, hex, NONE } from "../base/units.js";
import type { Goroutine } from "../runtime/goroutines.js";
import { type Operand, Operands } from "../runtime/operands.js";
import { channelOperationOf, type MapAction, type MapOperation, mapOperationOf, mapOperationsIn } from "../runtime/operations.js";
import type { GoRuntime } from "../runtime/runtime.js";
import type { Frame } from "../runtime/unwind.js";
import type { FrameRow } from "../stacks/goroutine-rows.js";
import { MOST_OTHERS } from "./limits.js";

/** Another goroutine at the same map. */
interface MapUser {
  readonly goroutine: number;
  readonly action: MapAction;
  /** It is inside of the operation; else it runs code that has it. */
  readonly inside: boolean;
  /** The maps are known to be one; else both are of one type. */
  readonly certain: boolean;
  readonly place: FrameRow;
}

/** The value that an operation failed on. */
export interface Culprit {
  readonly kind: "map" | "channel" | "nil";
  /** "s.events": read off the code, innermost variables of the function at place; absent when nothing names it. */
  readonly expression?: string;
  /** As Go has it; absent when it is not known. */
  readonly type?: string;
  readonly address?: Hex;
  /** Of a map or channel: why the operation failed; absent of a map that several goroutines used. */
  readonly state?: "nil" | "closed";
  readonly action?: MapAction | "send" | "close";
  /** Of a nil pointer: what was to be reached through it, "s.owner.name". */
  readonly accessed?: string;
  readonly place: FrameRow;
  /** Of a map. */
  readonly others?: readonly MapUser[];
}

/** What an operation that failed is found with. */
interface Scene {
  readonly runtime: GoRuntime;
  readonly goroutine: Goroutine;
  /** Of one frame, the innermost function first. */
  readonly rowsOf: (frames: readonly Frame[]) => readonly FrameRow[];
}

/** Texts of the runtime. runtime/map.go, chan.go, panic.go; internal/runtime/maps */
const MAP = /^concurrent map /;
const NIL_MAP = /^assignment to entry in nil map/;
const CHANNEL = /^(?:send on closed channel|close of (?:nil|closed) channel)/;
const NIL_POINTER = /nil pointer dereference/;
const LOWEST_POINTER: Address = 4096;

/** By what the runtime said: the text of a fatal error or a panic. */
export function culpritOf(scene: Scene, said: string): Culprit | undefined {
  if (MAP.test(said) || NIL_MAP.test(said)) return mapCulprit(scene, MAP.test(said));
  if (CHANNEL.test(said)) return channelCulprit(scene, !said.includes("nil"));
  return NIL_POINTER.test(said) ? nilCulprit(scene) : undefined;
}

function mapCulprit({ runtime, goroutine, rowsOf }: Scene, isShared: boolean): Culprit | undefined {
  const found = mapOperationOf(runtime, goroutine);
  if (!found) return undefined;
  const { action, operand, map, frame } = found;
  const [place] = rowsOf([frame]);
  if (!place) return undefined;
  return {
    kind: "map",
    ...named(runtime, operand, nameOf(runtime, found)),
    ...(map === undefined || map === 0 ? {} : { address: hex(map) }),
    ...(isShared ? {} : { state: "nil" as const }),
    action,
    place,
    ...(isShared ? { others: othersAt(runtime, goroutine, found, rowsOf) } : {}),
  };
}

const nameOf = ({ types }: GoRuntime, { type }: MapOperation): string | undefined =>
  type === NONE ? undefined : types.get(type).role.readable;

/** Other goroutines inside of an operation on the map, then those whose code has one where they run. */
function othersAt(runtime: GoRuntime, own: Goroutine, found: MapOperation, rowsOf: Scene["rowsOf"]): MapUser[] {
  const users: MapUser[] = [];
  const userOf = (goroutine: Goroutine, each: MapOperation, inside: boolean): MapUser | undefined => {
    const isSame = each.map !== undefined && each.map === found.map;
    const isDoubtful = (each.map === undefined || found.map === undefined) && each.type !== NONE && each.type === found.type;
    if (!isSame && !isDoubtful) return undefined;
    const [place] = rowsOf([inside ? each.frame : { ...each.frame, pc: each.pc, symbolPc: each.pc }]);
    return place && { goroutine: goroutine.id, action: each.action, inside, certain: isSame, place };
  };
  for (const goroutine of runtime.goroutines.all) {
    if (goroutine === own || goroutine.system || users.length >= MOST_OTHERS) continue;
    const operation = mapOperationOf(runtime, goroutine);
    const user = operation && userOf(goroutine, operation, true);
    if (user) users.push(user);
    if (user || goroutine.status === "waiting") continue;
    // It runs, or did until a moment ago: what else does its code do to the map?
    const frame = goroutine.unwound().frames.find((each) => !each.fn.name.startsWith("runtime."));
    const others = frame ? mapOperationsIn(runtime, goroutine, frame).flatMap((each) => userOf(goroutine, each, false) ?? []) : [];
    const best = others.find((each) => each.certain && each.action !== "read") ?? others.find((each) => each.certain);
    if (best) users.push(best);
  }
  return users.sort((a, b) => Number(b.inside) - Number(a.inside));
}

function channelCulprit({ runtime, goroutine, rowsOf }: Scene, isClosed: boolean): Culprit | undefined {
  const found = channelOperationOf(runtime, goroutine, isClosed);
  const [place] = found ? rowsOf([found.frame]) : [];
  if (!found || !place) return undefined;
  const { action, operand, element, channel } = found;
  return {
    kind: "channel",
    ...named(runtime, operand, element === NONE ? undefined : `chan ${runtime.types.get(element).name}`),
    ...(channel ? { address: hex(channel.address) } : {}),
    state: isClosed ? "closed" : "nil",
    action,
    place,
  };
}

/** The frame that faulted is the one that sigpanic seems to have been called by; of several the first. runtime/signal_unix.go sigpanic */
function nilCulprit({ runtime, goroutine, rowsOf }: Scene): Culprit | undefined {
  const { frames } = goroutine.unwound();
  const signal = frames.findLastIndex((each) => each.fn.name === "runtime.sigpanic");
  const frame = signal < 0 ? undefined : frames[signal + 1];
  const found = frame && new Operands(runtime, goroutine, frame).faulting();
  const [place] = frame ? rowsOf([frame]) : [];
  // A variable that is not nil now was not what the instruction used.
  if (!found || !place || found.base.expression === "" || (found.base.value ?? 0) >= LOWEST_POINTER) return undefined;
  return {
    kind: "nil",
    ...named(runtime, found.base, undefined),
    ...(found.accessed === "" ? {} : { accessed: found.accessed }),
    place,
  };
}

/** Expression and type. @param known  the type, where the operand does not have it */
function named({ types }: GoRuntime, operand: Operand | undefined, known: string | undefined): Pick<Culprit, "expression" | "type"> {
  const own = operand && operand.type !== NONE ? types.get(operand.type).role.readable : undefined;
  const type = own ?? known;
  return {
    ...(operand && operand.expression !== "" ? { expression: operand.expression } : {}),
    ...(type === undefined ? {} : { type }),
  };
}
