// One row of the table of roles: which types have a role, and what is true of them.
import { type Bytes, NONE, type TypeId } from "../base/units.js";
import type { GoField, GoType, RoleRules, TypeTable } from "./go-types.js";

/** A role, with the names of the types that have it. */
export interface RoleRow extends RoleRules {
  readonly names: RegExp;
  /** See TypeRole.readable; without it names are readable as they are. */
  readable?(name: string): string;
  /** See TypeRole.partOf; name is without "[]", "*" and "noalg." before it. */
  partOf?(name: string): string;
}

/** A struct's field of that name begins at the offset. */
export function isFieldAt(type: GoType, name: string, offset: Bytes): boolean {
  return type.fields.some((field) => field.name === name && field.offset === offset);
}

export function fieldOf(type: GoType | undefined, name: string): GoField | undefined {
  return type?.fields.find((field) => field.name === name);
}

export function typeOf(types: TypeTable, field: GoField | undefined): GoType | undefined {
  return field === undefined || field.type === NONE ? undefined : types.get(field.type);
}

/** What the pointer of a struct's field points to; NONE when the struct has no such pointer. */
export function pointeeOf(types: TypeTable, type: GoType, field: string): TypeId {
  return typeOf(types, fieldOf(type, field))?.element ?? NONE;
}
