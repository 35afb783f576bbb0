// Memory, types and layouts made by a test, without a core.
import { bytesSource } from "../../src/base/source.js";
import { type Address, NONE, type TypeId } from "../../src/base/units.js";
import { type AddressSpace, openAddressSpace } from "../../src/process/address-space.js";
import { structLayout } from "../../src/runtime/layout/layout.js";
import type { Layout } from "../../src/runtime/layout/schema.js";
import { roleOf } from "../../src/runtime/roles.js";
import { type GoType, isPointerShaped, type TypeTable } from "../../src/runtime/types.js";

/** One stretch of memory, zero at first, allocated from bottom to top. */
export class MemoryBuilder {
  readonly start: Address;
  private readonly buffer: Uint8Array;
  private readonly view: DataView;
  private next: number;

  constructor(start: Address = 0xc000000000, size = 1 << 20) {
    this.start = start;
    this.buffer = new Uint8Array(size);
    this.view = new DataView(this.buffer.buffer);
    this.next = 64;
  }

  /** Room of size bytes at a multiple of 16; its address. */
  allocate(size: number): Address {
    const at = this.next;
    this.next += Math.ceil(Math.max(size, 1) / 16) * 16;
    if (this.next > this.buffer.length) throw new Error("the test's memory is full");
    return this.start + at;
  }

  word(address: Address, value: number | bigint): this {
    this.view.setBigUint64(address - this.start, BigInt.asUintN(64, BigInt(value)), true);
    return this;
  }

  uint(address: Address, size: 1 | 2 | 4, value: number): this {
    if (size === 1) this.view.setUint8(address - this.start, value);
    else if (size === 2) this.view.setUint16(address - this.start, value, true);
    else this.view.setUint32(address - this.start, value, true);
    return this;
  }

  float(address: Address, size: 4 | 8, value: number): this {
    if (size === 4) this.view.setFloat32(address - this.start, value, true);
    else this.view.setFloat64(address - this.start, value, true);
    return this;
  }

  bytes(address: Address, bytes: ArrayLike<number>): this {
    this.buffer.set(bytes, address - this.start);
    return this;
  }

  /** Writes a string header at address and its bytes elsewhere. */
  string(address: Address, text: string | Uint8Array): this {
    const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
    const at = this.allocate(bytes.length);
    return this.bytes(at, bytes)
      .word(address, at)
      .word(address + 8, bytes.length);
  }

  /** Words from address on. */
  words(address: Address, ...values: readonly number[]): this {
    values.forEach((value, i) => {
      this.word(address + i * 8, value);
    });
    return this;
  }

  memory(): AddressSpace {
    const source = bytesSource("test", this.buffer);
    const end = this.start + this.buffer.length;
    return openAddressSpace([{ start: this.start, end, flags: 6, path: "", backing: { source, offset: 0 } }]);
  }
}

type TypeSpec = Partial<Omit<GoType, "id" | "fields">> & { readonly fields?: readonly (readonly [string, number, TypeId])[] };

/** A table of types that a test makes. */
export class TypeBuilder implements TypeTable {
  private readonly rows: GoType[] = [];
  private readonly made = new Map<string, TypeId>();
  /** abi.Type behind each itab. */
  readonly itabs = new Map<Address, Address>();
  get count(): number {
    return this.rows.length;
  }

  add(name: string, kind: GoType["kind"], size: number, spec: TypeSpec = {}): TypeId {
    const id = this.rows.length;
    const fields = (spec.fields ?? []).map(([field, offset, type]) => ({ name: field, offset, type, embedded: false }));
    const base = { element: NONE, key: NONE, count: 0, rtype: 0, header: NONE, hasMethods: false };
    this.rows.push(this.row({ ...base, ...spec, fields, id, name, kind, size }));
    return id;
  }

  /** Fills in what a recursive type could not know when it was made. */
  change(id: TypeId, spec: TypeSpec): void {
    const old = this.rows[id];
    const fields = spec.fields?.map(([field, offset, type]) => ({ name: field, offset, type, embedded: false })) ?? old.fields;
    this.rows[id] = this.row({ ...old, ...spec, fields });
  }

  private row(parts: Omit<GoType, "isDirect" | "role">): GoType {
    const isDirect = (type: GoType) => isPointerShaped(this, type, 0);
    return {
      ...parts,
      get role() {
        return roleOf(this.name);
      },
      get isDirect() {
        return isDirect(this);
      },
    };
  }

  get(id: TypeId): GoType {
    return this.rows[id];
  }
  byName(name: string): TypeId {
    return this.rows.find((row) => row.name === name)?.id ?? NONE;
  }
  onlyInstantiation(name: string): TypeId {
    const all = this.rows.filter((row) => row.name.startsWith(`${name}[`));
    return all.length === 1 ? all[0].id : NONE;
  }
  byRtype(address: Address): TypeId {
    return this.rows.find((row) => row.rtype === address && address !== 0)?.id ?? NONE;
  }
  interfaceTarget(word: Address, isItab: boolean): TypeId {
    return this.byRtype(isItab ? (this.itabs.get(word) ?? 0) : word);
  }
  firstWord(word: Address): "type" | "itab" | undefined {
    return this.itabs.has(word) ? "itab" : this.byRtype(word) === NONE ? undefined : "type";
  }
  fromDwarf(): TypeId {
    return NONE;
  }
  synthetic(parts: Parameters<TypeTable["synthetic"]>[0]): TypeId {
    const { name, kind, size, rtype, count } = parts;
    const fields = (parts.fields?.() ?? []).map((field) => [field.name, field.offset, field.type] as const);
    return this.add(name, kind, size, { rtype, count: count ?? 0, element: parts.element?.() ?? NONE, fields });
  }
  derived(of: TypeId, as: string, make: () => TypeId): TypeId {
    const key = `${of} ${as}`;
    const known = this.made.get(key) ?? make();
    this.made.set(key, known);
    return known;
  }
  arrayOf(element: TypeId): TypeId {
    const name = `[]${this.rows[element].name}`;
    const known = this.rows.find((row) => row.kind === "array" && row.count === -1 && row.element === element);
    return known?.id ?? this.add(name, "array", this.rows[element].size, { element, count: -1 });
  }
}

/** Structs as [size, { field: [offset, width] }]. */
export type Structs = Readonly<Record<string, readonly [number, Readonly<Record<string, readonly [number, number]>>]>>;

/** A layout of exactly these structs. */
export function layoutOf(structs: Structs): Layout {
  const found = new Map(
    Object.entries(structs).map(([name, [size, fields]]) => {
      const rows = new Map(Object.entries(fields).map(([field, [offset, width]]) => [field, { offset, width }] as const));
      return [name, structLayout(name, size, rows)] as const;
    }),
  );
  return {
    from: "dwarf",
    hasStruct: (name: string) => found.has(name),
    struct: (name: string) => {
      const struct = found.get(name);
      if (!struct) throw new Error(`the test has no struct ${name}`);
      return struct;
    },
    global: () => undefined,
    constant: () => undefined,
  } as unknown as Layout;
}

const ABI_TYPE: Structs[string] = [
  48,
  { Size_: [0, 8], PtrBytes: [8, 8], TFlag: [20, 1], Kind_: [23, 1], GCData: [32, 8], Str: [40, 4], PtrToThis: [44, 4] },
];

/** Bucket maps as Go 1.23 has them. */
export const BUCKET_STRUCTS: Structs = {
  hmap: [48, { count: [0, 8], flags: [8, 1], B: [9, 1], buckets: [16, 8], oldbuckets: [24, 8], extra: [40, 8] }],
  itab: [32, { Inter: [0, 8], Type: [8, 8] }],
  abiType: ABI_TYPE,
};

/** Swiss maps as Go 1.24 has them. */
export const SWISS_STRUCTS: Structs = {
  swissMap: [48, { used: [0, 8], dirPtr: [16, 8], dirLen: [24, 8], globalDepth: [32, 1] }],
  swissTable: [
    32,
    { used: [0, 2], capacity: [2, 2], localDepth: [6, 1], index: [8, 8], "groups.data": [16, 8], "groups.lengthMask": [24, 8] },
  ],
  swissMapType: [112, { GroupSize: [80, 8], SlotSize: [88, 8], ElemOff: [96, 8], Flags: [104, 4] }],
  itab: [32, { Inter: [0, 8], Type: [8, 8] }],
  abiType: ABI_TYPE,
};
