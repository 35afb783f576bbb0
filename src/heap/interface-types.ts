// What an interface says of the object its data word points to.
import { type Address, NONE, type TypeId, WORD } from "../base/units.js";
import type { GoRuntime } from "../runtime/runtime.js";
import { KIND_STEP, POINTER, type PointerKinds } from "./pointer-kinds.js";

/** What an interface's data word points to, by its first word (abi.Type or itab). */
export interface Dynamic {
  readonly kind: "typed" | "func" | "unknown";
  readonly type: TypeId;
}

const UNKNOWN: Dynamic = { kind: "unknown", type: NONE };

/** Answers by an interface's first word; a program has few such words, and millions of interfaces. */
export class InterfaceTypes {
  /** By abi.Type or itab. */
  private readonly known = new Map<Address, Dynamic>();
  private readonly runtime: GoRuntime;
  private readonly kinds: PointerKinds;

  constructor(runtime: GoRuntime, kinds: PointerKinds) {
    this.runtime = runtime;
    this.kinds = kinds;
  }

  /** @param word  the interface's first word: an itab, or an abi.Type */
  of(word: Address, isItab: boolean): Dynamic {
    const known = this.known.get(word);
    if (known) return known;
    const type = this.runtime.types.interfaceTarget(word, isItab);
    const dynamic = type === NONE ? UNKNOWN : this.typeOf(type);
    this.known.set(word, dynamic);
    return dynamic;
  }

  /** Pointer-shaped values are the data word itself, others are boxed. */
  private typeOf(type: TypeId): Dynamic {
    const value = this.runtime.types.get(type);
    const typed = (target: TypeId): Dynamic => (target === NONE ? UNKNOWN : { kind: "typed", type: target });
    switch (value.kind) {
      case "pointer":
        return typed(value.element);
      case "map":
      case "chan":
        return typed(value.header);
      case "func":
        return { kind: "func", type: NONE };
      case "unsafe.Pointer":
        return UNKNOWN;
      default:
        break;
    }
    // A struct or array of one pointer is stored directly too.
    if (value.size === WORD && this.kinds.hasPointers(type)) {
      const code = this.kinds.codeAt(type, 0);
      if (code % KIND_STEP === POINTER.typed) return typed((code - POINTER.typed) / KIND_STEP);
      if (code % KIND_STEP === POINTER.func) return { kind: "func", type: NONE };
    }
    return typed(type);
  }
}
