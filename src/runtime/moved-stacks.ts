// Values that point into a stack which has moved since: the runtime corrects live words only. runtime/stack.go copystack
import { type Address, NONE, type TypeId, WORD } from "../base/units.js";
import type { AddressSpace } from "../process/address-space.js";
import { DEEPEST_MOVED, MOST_MOVED_ELEMENTS } from "./limits.js";
import type { GoRuntime } from "./runtime.js";
import { ARENA } from "./spans.js";

/**
 * A pointer of the value leads to memory of Go's that holds no objects and is not the goroutine's own stack: the variable was dead when the
 * stack was copied, so nobody corrected it. What lies at the old place now is somebody else's.
 */
export function pointsToOldStack(
  runtime: GoRuntime,
  memory: AddressSpace,
  own: { readonly lo: Address; readonly hi: Address },
  type: TypeId,
  address: Address,
): boolean {
  return pointerWords(runtime, type, address, 0).some((at) => {
    const to = memory.tryAddress(at) ?? 0;
    if (to <= 0 || (to >= own.lo && to <= own.hi)) return false;
    const { spans } = runtime;
    return spans.arenaRow[Math.floor(to / ARENA)] > 0 && spans.find(to) === NONE;
  });
}

/** Addresses of the pointers in a value of this type, of the first ones of long arrays. */
function pointerWords(runtime: GoRuntime, id: TypeId, address: Address, depth: number): readonly Address[] {
  if (depth > DEEPEST_MOVED || id < 0) return [];
  const type = runtime.types.get(id);
  switch (type.kind) {
    case "pointer":
    case "string":
    case "slice":
    case "map":
    case "chan":
    case "func":
      return [address];
    case "interface":
      return [address + WORD];
    case "struct":
      return type.fields.flatMap((field) => pointerWords(runtime, field.type, address + field.offset, depth + 1));
    case "array": {
      const { size } = type.element >= 0 ? runtime.types.get(type.element) : { size: 0 };
      const count = Math.max(0, Math.min(type.count, MOST_MOVED_ELEMENTS));
      return Array.from({ length: count }, (_, i) => pointerWords(runtime, type.element, address + i * size, depth + 1)).flat();
    }
    default:
      return [];
  }
}
