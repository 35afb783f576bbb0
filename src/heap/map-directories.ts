// The two shapes of a swiss map's directory, since Go 1.24.
import { NONE, type TypeId } from "../base/units.js";
import type { TypeTable } from "../runtime/types.js";

/** What a swiss map's dirPtr may point to. */
export interface Directory {
  readonly group: TypeId;
  /** "[]*table" */
  readonly tables: TypeId;
}

export class MapDirectories {
  /** By the map's header struct. */
  private readonly known = new Map<TypeId, Directory>();
  private readonly types: TypeTable;

  constructor(types: TypeTable) {
    this.types = types;
  }

  /** undefined: the header is of a map without a directory, or the types of one are not known. */
  of(header: TypeId): Directory | undefined {
    let known = this.known.get(header);
    if (known) return known;
    const { types } = this;
    const pointee = (struct: TypeId, name: string): TypeId => {
      const field = struct === NONE ? undefined : types.get(struct).fields.find((each) => each.name === name);
      return field ? types.get(field.type).element : NONE;
    };
    const tablePointer = pointee(header, "dirPtr");
    const table = tablePointer === NONE ? NONE : types.get(tablePointer).element;
    const groups = table === NONE ? undefined : types.get(table).fields.find((each) => each.name === "groups");
    const group = groups ? pointee(groups.type, "data") : NONE;
    if (group === NONE) return undefined;
    known = { group, tables: types.arrayOf(tablePointer) };
    this.known.set(header, known);
    return known;
  }
}
