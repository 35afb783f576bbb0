// What an atomic pointer points to: { _ [0]*T; _ noCopy; v unsafe.Pointer }. sync/atomic/type.go, internal/runtime/atomic/types.go
import { type Bytes, NONE, type TypeId } from "../base/units.js";
import type { GoType, TypeTable } from "./go-types.js";
import { fieldOf, type RoleRow, typeOf } from "./role.js";

/** Package sync's, and the runtime's own. */
export const ATOMIC_POINTER: RoleRow = {
  kind: "atomic pointer",
  names: /^(?:sync|internal\/runtime|runtime\/internal)\/atomic\.Pointer\[/,
  pointerAt: (types, type, offset) =>
    type.fields.every((field) => field.offset <= offset) ? { kind: "typed", target: elementOf(types, type) } : undefined,
};

/** T: its first field is a [0]*T; the runtime's own has it in the name only. */
function elementOf(types: TypeTable, type: GoType): TypeId {
  const first = type.fields.find((field) => types.get(field.type).kind === "array");
  const pointer = first ? types.get(first.type).element : NONE;
  if (pointer !== NONE && types.get(pointer).kind === "pointer") return types.get(pointer).element;
  return types.byName(type.name.slice(type.name.indexOf("[") + 1, type.name.lastIndexOf("]")));
}

/** What package sync's atomic.Pointer[T] points to; undefined for any other type. */
export function atomicTarget(
  types: TypeTable,
  type: GoType,
): { readonly target: GoType; readonly pointer: TypeId; readonly offset: Bytes } | undefined {
  const value = fieldOf(type, "v");
  const empty = type.fields.find((field) => typeOf(types, field)?.kind === "array");
  const target = typeOf(types, empty);
  const pointee = target && target.element !== NONE ? types.get(target.element) : undefined;
  return value && pointee && pointee.element !== NONE
    ? { target: types.get(pointee.element), pointer: pointee.id, offset: value.offset }
    : undefined;
}
