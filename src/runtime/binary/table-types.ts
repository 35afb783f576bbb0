// Types of a row of the layout tables as debug information has them: they lead to others when they are read.
import type { DwarfField, DwarfType } from "../../dwarf/dwarf.js";
import type { FieldRecord, TypeRecord } from "./table-format.js";

/** Types of one row by name; the same name, the same object. */
export class TableTypes {
  private readonly records: ReadonlyMap<string, TypeRecord>;
  private readonly made = new Map<string, DwarfType>();

  constructor(records: readonly TypeRecord[]) {
    this.records = new Map(records.map((record) => [record.name, record]));
  }

  names(): Iterable<string> {
    return this.records.keys();
  }

  /** undefined when the row has no such type. */
  get(name: string): DwarfType | undefined {
    return this.records.has(name) ? this.named(name) : undefined;
  }

  /** The type of a name; of one that is not in the row, which only pointers and slices lead to, an empty struct. */
  private named(name: string): DwarfType {
    let type = this.made.get(name);
    if (!type) {
      type = this.make(this.records.get(name) ?? { kind: "struct", name, size: 0, goKind: 0, element: undefined, fields: [] });
      this.made.set(name, type);
    }
    return type;
  }

  private optional(name: string | undefined): DwarfType | undefined {
    return name === undefined ? undefined : this.named(name);
  }

  private make(record: TypeRecord): DwarfType {
    const types = this;
    // Only a number for each: nothing lies at an offset of .debug_info here.
    const common = { offset: this.made.size, name: record.name, size: record.size, goKind: record.goKind, runtimeType: 0 };
    switch (record.kind) {
      case "base":
        return { ...common, kind: record.kind, encoding: record.encoding };
      case "function":
        return { ...common, kind: record.kind };
      case "pointer":
        return {
          ...common,
          kind: record.kind,
          get target() {
            return types.optional(record.target);
          },
        };
      case "array":
        return {
          ...common,
          kind: record.kind,
          count: record.count,
          get element() {
            return types.named(record.element);
          },
        };
      case "typedef":
        return {
          ...common,
          kind: record.kind,
          dictionaryIndex: -1,
          get target() {
            return types.named(record.target);
          },
          get key() {
            return types.optional(record.key);
          },
          get element() {
            return types.optional(record.element);
          },
        };
      case "struct":
        return {
          ...common,
          kind: record.kind,
          fields: record.fields.map((field) => this.field(field)),
          get element() {
            return types.optional(record.element);
          },
        };
    }
  }

  private field([name, offset, type, embedded]: FieldRecord): DwarfField {
    const types = this;
    return {
      name,
      offset,
      embedded,
      get type() {
        return types.named(type);
      },
    };
  }
}
