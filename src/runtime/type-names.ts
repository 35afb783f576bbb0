// The names of types as debug information has them, from what the process itself has: abi.Type. internal/abi/type.go
//
// An abi.Type's text is made for people: "json.Decoder", whatever the package's path. A named type tells its path beside it; the
// name of a type without one ("map[string]*json.Decoder") is put together from the names of its parts.
import { decodeText } from "../base/byte-reader.js";
import { type Address, type Bytes, WORD } from "../base/units.js";
import type { AddressSpace } from "../process/address-space.js";
import {
  type AbiHeader,
  elementOf,
  FIELD,
  fieldAt,
  fieldsOf,
  lengthOf,
  mapBlockOf,
  mapValueOf,
  NAME_EMBEDDED,
  readAbiHeader,
  TFLAG_EXTRA_STAR,
  TFLAG_NAMED,
  TFLAG_UNCOMMON,
  wordBehind,
} from "./abi-type.js";
import { type GoKind, KINDS } from "./go-types.js";
import { readField } from "./layout/layout.js";
import type { Layout } from "./layout/schema.js";
import { DEEPEST_TYPE_NAME, LONGEST_NAME, LONGEST_STRUCTURE, MOST_FIELDS, MOST_PARAMETERS } from "./limits.js";
import type { Module } from "./modules.js";

/** abi.FuncType: counts of parameters and results, the top bit of the latter for "..."; the types follow the struct and the uncommon type. */
const FUNC_TYPE: Bytes = 56;
const UNCOMMON_TYPE: Bytes = 16;
const VARIADIC = 0x8000;
/** abi.ChanDir */
const RECEIVE_ONLY = 1;
const SEND_ONLY = 2;
/** What the compiler calls the struct of a map's block; its key and value are named as in the text for people. */
const MAP_BLOCK = /^(?:noalg\.)?map[.](?:bucket|group)\[/;

/** Size of the record of a kind, behind which the uncommon type lies; of maps it depends on the release. */
const RECORD: Partial<Record<GoKind, Bytes>> = { struct: 80, pointer: 56, func: FUNC_TYPE, slice: 56, array: 72, chan: 64, interface: 80 };
const BARE: Bytes = 48;

/** Names of abi.Types. */
export class TypeNames {
  private readonly memory: AddressSpace;
  private readonly layout: Layout;
  private readonly modules: readonly Module[];
  private readonly known = new Map<Address, string>();
  /** The map that a block's type is of, by the block's type. */
  private readonly mapOfBlock = new Map<Address, Address>();

  constructor(memory: AddressSpace, layout: Layout, modules: readonly Module[]) {
    this.memory = memory;
    this.layout = layout;
    this.modules = modules;
  }

  /** With whole import paths; "" where there is no abi.Type, "?" for a part of a name that was not dumped. */
  nameOf(address: Address): string {
    return this.name(address, 0);
  }

  /** Text of the abi.Name at an address; undefined when it is none. */
  textAt(address: Address): string | undefined {
    const head = this.memory.tryBytes(address, 3);
    if (!head) return undefined;
    const wide = head[1] >= 0x80;
    const length = wide ? (head[1] & 0x7f) + head[2] * 128 : head[1];
    if (length > LONGEST_NAME) return undefined;
    const text = this.memory.tryBytes(address + (wide ? 3 : 2), length);
    return text && decodeText(text);
  }

  /** Types made by reflect lie outside the modules; their texts are in runtime.reflectOffs, a map we need not read. */
  moduleOf(type: Address): Module | undefined {
    return this.modules.find((each) => type >= each.types && type < each.etypes);
  }

  /** The block of a map type is named by the map's own key and value. @param map  abi.Type of a map */
  learnMap(map: Address): void {
    const block = mapBlockOf(this.memory, map);
    if (block > 0) this.mapOfBlock.set(block, map);
  }

  private name(address: Address, depth: number): string {
    const known = this.known.get(address);
    if (known !== undefined) return known;
    if (depth > DEEPEST_TYPE_NAME) return "...";
    this.known.set(address, "?"); // a type that contains itself by name only in a damaged core
    const name = this.make(address, depth);
    this.known.set(address, name);
    return name;
  }

  private make(address: Address, depth: number): string {
    const header = readAbiHeader(this.memory, this.layout, address);
    if (!header || header.kind === 0) return "";
    const kind = KINDS[header.kind];
    const text = this.textOf(address, header);
    if (text !== undefined && header.flags & TFLAG_NAMED) return this.qualified(address, header, kind, text);
    // Without a package in it the text is the name.
    if (text !== undefined && !text.includes(".")) return text;
    try {
      return this.structural(address, header, kind, text ?? "", depth) ?? text ?? `reflect ${kind}`;
    } catch {
      return text ?? `reflect ${kind}`;
    }
  }

  private textOf(address: Address, { flags }: AbiHeader): string | undefined {
    const module = this.moduleOf(address);
    if (!module) return undefined;
    const offset = readField(this.memory, this.layout.struct("abiType"), address, "Str") | 0;
    const text = this.textAt(module.types + offset);
    return text !== undefined && flags & TFLAG_EXTRA_STAR ? text.slice(1) : text;
  }

  /** "encoding/json.Decoder" for "json.Decoder". */
  private qualified(address: Address, header: AbiHeader, kind: GoKind, text: string): string {
    if (text.startsWith("go.shape.")) return text;
    const path = this.packagePath(address, header, kind);
    const bracket = text.indexOf("[");
    const dot = text.indexOf(".");
    return path && dot > 0 && (bracket < 0 || dot < bracket) ? path + text.slice(dot) : text;
  }

  /** abi.UncommonType.PkgPath */
  private packagePath(address: Address, { flags }: AbiHeader, kind: GoKind): string | undefined {
    const module = this.moduleOf(address);
    if (!(flags & TFLAG_UNCOMMON) || !module) return undefined;
    const at = address + this.recordSize(kind);
    if (!this.memory.tryBytes(at, 4)) return undefined;
    const offset = this.memory.readUint(at, 4) | 0;
    return offset === 0 ? undefined : this.textAt(module.types + offset);
  }

  private recordSize(kind: GoKind): Bytes {
    if (kind !== "map") return RECORD[kind] ?? BARE;
    const design =
      this.layout.hasStruct("swissMapType") && this.layout.struct("swissMapType").has("GroupSize") ? "swissMapType" : "bucketMapType";
    return this.layout.struct(design).size;
  }

  /** From the names of the parts; undefined for kinds without parts. @throws MemoryFault */
  private structural(address: Address, header: AbiHeader, kind: GoKind, text: string, depth: number): string | undefined {
    const { memory } = this;
    const part = (type: Address): string => shortened(this.name(type, depth + 1) || "?");
    const element = () => part(elementOf(memory, address));
    if (MAP_BLOCK.test(text)) {
      const map = this.mapOfBlock.get(address);
      return map === undefined
        ? text
        : `${text.slice(0, text.indexOf("[") + 1)}${part(elementOf(memory, map))}]${part(mapValueOf(memory, map))}`;
    }
    switch (kind) {
      case "pointer":
        return `*${element()}`;
      case "slice":
        return `[]${element()}`;
      case "array":
        return `[${lengthOf(memory, address)}]${element()}`;
      case "chan":
        return chanName(memory.readUint(wordBehind(address, 1), 8), element());
      case "map":
        return `map[${element()}]${part(mapValueOf(memory, address))}`;
      case "func":
        return this.signature(address, header, part);
      case "struct":
        return this.structName(address, part, /^noalg\./.test(text));
      case "interface":
        return this.interfaceName(address, depth);
      default:
        return undefined;
    }
  }

  /** "func(int, ...string) error" */
  private signature(address: Address, { flags }: AbiHeader, part: (type: Address) => string): string {
    const { memory } = this;
    const inputs = memory.readUint(address + BARE, 2);
    const word = memory.readUint(address + BARE + 2, 2);
    const outputs = word & ~VARIADIC;
    const array = address + FUNC_TYPE + (flags & TFLAG_UNCOMMON ? UNCOMMON_TYPE : 0);
    if (inputs + outputs > MOST_PARAMETERS) return "func(...)";
    const names = Array.from({ length: inputs + outputs }, (_, i) => part(memory.readAddress(array + i * WORD)));
    const given = names.slice(0, inputs);
    if (word & VARIADIC && given.length > 0) given.push(`...${(given.pop() as string).replace(/^\[\]/, "")}`);
    const results = names.slice(inputs);
    const behind = results.length === 0 ? "" : results.length === 1 ? ` ${results[0]}` : ` (${results.join(", ")})`;
    return `func(${given.join(", ")})${behind}`;
  }

  private structName(address: Address, part: (type: Address) => string, noalg: boolean): string {
    const { memory } = this;
    const { array, length } = fieldsOf(memory, address);
    const before = noalg ? "noalg." : "";
    if (length === 0) return `${before}struct {}`;
    const path = this.textAt(memory.tryAddress(wordBehind(address, 0)) ?? 0) ?? "";
    const list: string[] = [];
    let size = 0;
    for (let i = 0; i < Math.min(length, MOST_FIELDS) && size <= LONGEST_STRUCTURE; i++) {
      const field = fieldAt(memory, array + i * FIELD);
      const flag = memory.tryBytes(field.name, 1)?.[0] ?? 0;
      const name = this.textAt(field.name) ?? "?";
      const own = flag & 1 || path === "" ? name : `${path}.${name}`;
      const each = flag & NAME_EMBEDDED ? part(field.type) : `${own} ${part(field.type)}`;
      list.push(each);
      size += each.length;
    }
    if (list.length < length) list.push("...");
    return `${before}struct { ${list.join("; ")} }`;
  }

  /** abi.InterfaceType: PkgPath, Methods of {Name, Typ} offsets. */
  private interfaceName(address: Address, depth: number): string {
    const { memory } = this;
    const module = this.moduleOf(address);
    const array = memory.readAddress(wordBehind(address, 1));
    const length = lengthOf(memory, address);
    if (length === 0) return "interface {}";
    if (!module || length > MOST_FIELDS) return "interface { ... }";
    const path = this.textAt(memory.tryAddress(wordBehind(address, 0)) ?? 0) ?? "";
    const methods = Array.from({ length }, (_, i) => {
      const at = module.types + (memory.readUint(array + i * 8, 4) | 0);
      const name = this.textAt(at) ?? "?";
      const isExported = ((memory.tryBytes(at, 1)?.[0] ?? 0) & 1) !== 0;
      const type = this.name(module.types + (memory.readUint(array + i * 8 + 4, 4) | 0), depth + 1);
      return `${isExported || path === "" ? name : `${path}.${name}`}${type.replace(/^func/, "")}`;
    });
    return `interface { ${methods.join("; ")} }`;
  }
}

/** "chan (<-chan int)": the brackets keep the arrow with the inner one. */
function chanName(direction: number, element: string): string {
  if (direction === RECEIVE_ONLY) return `<-chan ${element}`;
  if (direction === SEND_ONLY) return `chan<- ${element}`;
  return element.startsWith("<-") ? `chan (${element})` : `chan ${element}`;
}

function shortened(name: string): string {
  return name.length > LONGEST_STRUCTURE ? `${name.slice(0, LONGEST_STRUCTURE)}...` : name;
}
