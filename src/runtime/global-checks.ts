// Whether what code says of variables fits what the process has: the collector's masks, the objects pointed to, and each other.
import { type Address, type Bytes, NONE, type TypeId, WORD } from "../base/units.js";
import type { AddressSpace } from "../process/address-space.js";
import { slotSize } from "./accounting.js";
import type { Claim, Evidence } from "./code/global-claims.js";
import { MOST_VARIABLE_WORDS } from "./limits.js";
import { type Module, type PointerArea, pointerAreas } from "./modules.js";
import { pointerWords } from "./pointer-words.js";
import type { SpanTable } from "./spans.js";
import type { TypeTable } from "./types.js";

/** What claims are held against. */
export interface CheckSource {
  readonly memory: AddressSpace;
  readonly module: Module;
  readonly types: TypeTable;
  readonly spans: SpanTable;
}

/** The surest first. */
const ORDER: readonly Evidence[] = ["allocation", "operand", "result", "receiver", "argument", "interface"];

/**
 * Of all claims those that can be true together: ascending by address, none overlapping another.
 * @param interfaces  addresses of first words of interfaces, whose second words have a type of their own each time
 */
export function fittingClaims(
  source: CheckSource,
  claims: readonly Claim[],
  interfaces: ReadonlySet<Address>,
): { readonly fitting: readonly Claim[]; readonly contradicted: number; readonly misfits: number } {
  const checks = new GlobalChecks(source, interfaces);
  const unique = new Map<string, Claim>();
  const rank = ({ by }: Claim) => ORDER.indexOf(by);
  for (const each of claims) {
    const key = `${each.address} ${each.type}`;
    const known = unique.get(key);
    if (!known || rank(each) < rank(known)) unique.set(key, each);
  }
  const sound = [...unique.values()].filter((each) => checks.fits(each));
  const size = ({ type }: Claim) => source.types.get(type).size;
  // The largest of an address first: it may hold the others.
  sound.sort((a, b) => a.address - b.address || size(b) - size(a) || rank(a) - rank(b));
  const fitting: Claim[] = [];
  let contradicted = 0;
  let whole: Claim | undefined;
  let isDoubtful = false;
  const close = () => {
    if (whole && !isDoubtful) fitting.push(whole);
    if (whole && isDoubtful) contradicted++;
  };
  for (const each of sound) {
    if (!whole || each.address >= whole.address + size(whole)) {
      close();
      whole = each;
      isDoubtful = false;
    } else if (!checks.holds(whole.type, each.address - whole.address, each.type)) isDoubtful = true;
  }
  close();
  return { fitting, contradicted, misfits: unique.size - sound.length };
}

class GlobalChecks {
  private readonly source: CheckSource;
  private readonly interfaces: ReadonlySet<Address>;
  private readonly masks: readonly PointerArea[];

  constructor(source: CheckSource, interfaces: ReadonlySet<Address>) {
    this.source = source;
    this.interfaces = interfaces;
    this.masks = pointerAreas(source.memory, source.module);
  }

  /** Whether the variable can be there. */
  fits({ address, type }: Claim): boolean {
    const { types } = this.source;
    const { size, kind } = types.get(type);
    if (size === 0 || address % WORD !== 0 || !this.matchesMask(address, type, size)) return false;
    if (kind === "struct" || kind === "array") return true;
    return !this.isInterfaceData(address) && this.pointsToFitting(address, type);
  }

  /** Whether the type has one of another type at an offset. */
  holds(type: TypeId, offset: Bytes, part: TypeId): boolean {
    const { types } = this.source;
    for (let at = type, rest = offset, depth = 0; depth < 32; depth++) {
      const { kind, fields, element, count, size, name } = types.get(at);
      const wanted = types.get(part);
      if (rest === 0 && (at === part || (name === wanted.name && size === wanted.size) || sameLayout(types, at, part))) return true;
      if (kind === "array" && element !== NONE && types.get(element).size > 0 && count > 0) {
        rest %= types.get(element).size;
        at = element;
        continue;
      }
      if (kind !== "struct") return false;
      const field = fields.findLast((each) => each.offset <= rest && rest < each.offset + types.get(each.type).size);
      if (!field || field.type === NONE) return false;
      rest -= field.offset;
      at = field.type;
    }
    return false;
  }

  /** The linker marks the words of data and bss that hold pointers, exactly as the types of its variables say. */
  private matchesMask(address: Address, type: TypeId, size: Bytes): boolean {
    const area = this.masks.find(({ start, words }) => address >= start && address + size <= start + words * WORD);
    const count = Math.ceil(size / WORD);
    if (!area?.bits || count > MOST_VARIABLE_WORDS) return false;
    const wanted = new Uint8Array(count);
    if (!pointerWords(this.source.types, type, (word) => (wanted[word] = 1))) return false;
    const first = (address - area.start) / WORD;
    for (let word = 0; word < count; word++) {
      const at = first + word;
      if (((area.bits[at >>> 3] >>> (at & 7)) & 1) !== wanted[word]) return false;
    }
    return true;
  }

  /** The word behind the type in an interface. */
  private isInterfaceData(address: Address): boolean {
    if (this.interfaces.has(address - WORD)) return true;
    const before = this.source.memory.tryAddress(address - WORD) ?? 0;
    return before > 0 && this.source.types.firstWord(before) !== undefined;
  }

  /** Whether the object that the variable leads to has a place that its type gets. */
  private pointsToFitting(address: Address, type: TypeId): boolean {
    const { memory, types } = this.source;
    const value = memory.tryAddress(address);
    if (value === undefined) return false;
    const { kind, element, header } = types.get(type);
    const length = memory.tryAddress(address + WORD) ?? NONE;
    if (kind === "string") return length >= 0 && (value === 0 ? length === 0 : this.fitsSlot(value, length, false, "at least"));
    if (kind === "slice") {
      const capacity = memory.tryAddress(address + 2 * WORD) ?? NONE;
      if (length < 0 || length > capacity) return false;
      if (value === 0) return capacity === 0;
      return element !== NONE && this.fitsSlot(value, capacity * types.get(element).size, this.hasPointers(element), "at least");
    }
    if (value === 0) return true;
    if (kind === "func") return this.isCode(memory.tryAddress(value));
    if (kind === "map") return this.fitsSlot(value, types.get(header).size, true, "exactly");
    if (kind === "chan") return this.fitsSlot(value, types.get(header).size, false, "at least");
    if (kind === "pointer") return element !== NONE && this.fitsSlot(value, types.get(element).size, this.hasPointers(element), "exactly");
    return true;
  }

  private isCode(address: Address | undefined): boolean {
    const { text, etext } = this.source.module;
    return address !== undefined && address >= text && address < etext;
  }

  private hasPointers(type: TypeId): boolean {
    let found = false;
    return pointerWords(this.source.types, type, () => (found = true)) ? found : true;
  }

  private fitsSlot(value: Address, size: Bytes, hasPointers: boolean, how: "exactly" | "at least"): boolean {
    const { spans, module } = this.source;
    const span = spans.find(value);
    if (span === NONE) return this.isStatic(module, value);
    const slot = spans.elementSize[span];
    const isNoscan = (spans.spanClass[span] & 1) === 1;
    if (hasPointers && isNoscan) return false;
    const into = (value - spans.base[span]) % slot;
    if (into + size > slot) return false;
    // Small values without pointers share slots of 16 bytes; others of more than 512 may begin behind a header.
    const header = into === WORD && slot > 512 ? WORD : 0;
    if (how === "at least" || into !== header) return true;
    if (!hasPointers && size < 16 && slot <= 16) return true;
    return slotSize(size + header) === slot;
  }

  private isStatic({ noptrdata, enoptrbss, ebss, types, etypes, rodata, text }: Module, value: Address): boolean {
    const inVariables = value >= noptrdata && value < Math.max(enoptrbss, ebss);
    const inConstants = (value >= types && value < etypes) || (value >= rodata && value < noptrdata && value > text);
    return inVariables || inConstants;
  }
}

/** Two names of one type: a map and a type made of it, a channel and one of its directions. */
function sameLayout(types: TypeTable, a: TypeId, b: TypeId): boolean {
  const [one, other] = [types.get(a), types.get(b)];
  if (one.kind !== other.kind || one.kind === "struct" || one.kind === "array" || one.kind === "func") return false;
  return one.element !== NONE && one.element === other.element && one.key === other.key;
}
