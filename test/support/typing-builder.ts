// Objects whose types a test lets corescope find out: spans, pointers, roots and memory, without a core.
import { Findings } from "../../src/base/findings.js";
import { silent } from "../../src/base/progress.js";
import { type Address, type Bytes, NONE, type ObjectId, type TypeId, WORD } from "../../src/base/units.js";
import type { Csr } from "../../src/graph/graph.js";
import { INTERIOR } from "../../src/heap/edges.js";
import type { TypeEvidence } from "../../src/heap/evidence.js";
import { closureCandidate, type TypingInput } from "../../src/heap/inference.js";
import { numberObjects, type ObjectTable } from "../../src/heap/objects.js";
import { PartWordsByType } from "../../src/heap/part-words.js";
import { inferPathTypes } from "../../src/heap/path-types.js";
import { pointerKinds } from "../../src/heap/pointer-kinds.js";
import type { RootTable } from "../../src/heap/roots.js";
import { inferTypes } from "../../src/heap/typing.js";
import { findWholes, type Wholes } from "../../src/heap/wholes.js";
import { mapsOf } from "../../src/runtime/maps/maps.js";
import type { GoRuntime } from "../../src/runtime/runtime.js";
import { PAGE } from "../../src/runtime/spans.js";
import type { PointerMasks } from "../../src/runtime/variants/pointer-masks.js";
import { layoutOf, MemoryBuilder, type Structs, SWISS_STRUCTS, TypeBuilder } from "./memory-builder.js";
import { type SpanSpec, spansOf } from "./span-builder.js";

const HEAP: Address = 0xc000000000;

export class TypingBuilder {
  readonly types = new TypeBuilder();
  readonly memory = new MemoryBuilder(HEAP, 64 * PAGE);
  /** Types of closures by their code. */
  readonly closures = new Map<Address, TypeId>();
  readonly specials: { kind: string; object: Address; pointerType: Address; pointers: [] }[] = [];
  private readonly structs: Structs;
  private readonly specs: SpanSpec[] = [];
  private readonly chunks = new Set<ObjectId>();
  private readonly withHeader = new Set<number>();
  private readonly addresses: Address[] = [];
  private readonly headers = new Map<ObjectId, number>();
  /** The executable was stripped: no variable has a type, and words tell of themselves. */
  stripped = false;
  /** Words that the mask of an object, which has a span of its own, says are pointers. */
  readonly pointerWords = new Map<ObjectId, readonly number[]>();
  /** First words of interfaces in objects, by the object and the offset of the second word. */
  private readonly firstWords = new Map<string, Address>();
  private readonly edges: { readonly from: ObjectId; readonly word: number; readonly to: ObjectId; readonly at: Bytes }[] = [];
  private readonly rows: { readonly type: TypeId; readonly offset: Bytes; readonly to: ObjectId; readonly at: Bytes }[] = [];

  constructor(structs: Structs = SWISS_STRUCTS) {
    this.structs = structs;
  }

  /**
   * One object in a span of its own.
   * @param size   of its slot, a size class
   * @param header the object begins with a malloc header
   */
  object(size: Bytes, { noscan = false, header = false, sizeClass = 5 } = {}): ObjectId {
    const base = HEAP + this.specs.length * PAGE;
    if (header) this.withHeader.add(this.specs.length);
    const slots = { elementSize: size, elements: 1, freeIndex: 1, allocBits: 0, allocCount: 1 };
    this.specs.push({ base, pages: 1, ...slots, noscan, sizeClass });
    this.addresses.push(base);
    return this.addresses.length - 1;
  }

  addressOf(id: ObjectId): Address {
    return this.addresses[id] + (this.withHeader.has(id) ? WORD : 0);
  }

  /** The object is a chunk of package arena. */
  chunk(id: ObjectId): this {
    this.chunks.add(id);
    return this;
  }

  /** The object's header says that it is of this type. */
  headed(id: ObjectId, type: TypeId): this {
    this.headers.set(id, type);
    return this;
  }

  /** The object's first word is the code of a function whose closures are of this type. */
  beginsLikeClosure(id: ObjectId, type: TypeId): this {
    this.headers.set(id, closureCandidate(type));
    return this;
  }

  /** A pointer at an offset of an object to byte `at` of another one. */
  points(from: ObjectId, offset: Bytes, to: ObjectId, at: Bytes = 0): this {
    const address = this.addressOf(from) + offset;
    this.memory.word(address, this.addressOf(to) + at);
    this.edges.push({ from, word: (address - this.addresses[from]) / WORD, to, at });
    return this;
  }

  /** Two words at an offset of an object: a type or an itab, and a pointer to another object. */
  pairs(from: ObjectId, offset: Bytes, first: Address, to: ObjectId): this {
    this.memory.word(this.addressOf(from) + offset, first);
    this.points(from, offset + WORD, to);
    this.firstWords.set(`${from} ${this.edges[this.edges.length - 1].word}`, first);
    return this;
  }

  /** A pointer at an offset of a variable of this type. */
  root(type: TypeId, to: ObjectId, offset: Bytes = 0, at: Bytes = 0): this {
    this.rows.push({ type, offset, to, at });
    return this;
  }

  /** [objects] name and evidence of the type that was found for each; "" when none was. */
  typed(): { readonly names: readonly string[]; readonly evidence: readonly TypeEvidence[] } {
    const found = inferTypes(this.input(), new Findings(), silent);
    const ids = this.addresses.map((_, id) => id);
    return {
      names: ids.map((id) => (found.type[id] === NONE ? "" : this.types.get(found.type[id]).name)),
      evidence: ids.map((id) => found.evidenceOf(id)),
    };
  }

  /** Types of a path's objects by the path alone, and bytes of the parts of each; undefined when that does not tell. */
  along(row: number, path: readonly ObjectId[]): readonly { readonly name: string; readonly parts: Bytes }[] | undefined {
    const input = this.input();
    const found = inferPathTypes(input, new PartWordsByType(this.types, input.kinds), row, path);
    return found && path.map((id) => ({ name: this.types.get(found.types.type[id]).name, parts: found.partsOf(id).bytes }));
  }

  /** What is one value, where everything is live. */
  wholes(): Wholes {
    const input = this.input();
    const types = inferTypes(input, new Findings(), silent);
    const { furtherPointers } = input.runtime.maps.design;
    return findWholes({
      ...input,
      referents: input.edges,
      offsets: input.edgeOffsets,
      types,
      live: new Uint32Array(64).fill(0xffffffff),
      words: new PartWordsByType(this.types, input.kinds),
      typeTable: this.types,
      furtherPointers,
    });
  }

  private input(): TypingInput {
    const masks: PointerMasks = {
      kindOf: (_, span) => (this.withHeader.has(span) ? "header" : "bitmap"),
      spanBits: (_, span, __, bits) => {
        for (const word of this.pointerWords.get(span) ?? []) bits[word >>> 5] |= 1 << (word & 31);
        return true;
      },
      typeMask: () => undefined,
    };
    const space = this.memory.memory();
    const spans = spansOf(this.specs);
    for (const id of this.chunks) spans.userArena[id] = 1;
    const objects = numberObjects(space, spans, masks, new Findings());
    const kinds = pointerKinds(this.types);
    const stringBytes = this.types.add("string", "array", 1, { count: -1, element: this.types.byName("uint8") });
    const tinyBlock = this.types.add("tiny block", "unknown", 16);
    const arenaChunk = this.types.add("arena chunk", "unknown", 0);
    const runtime = {
      types: this.types,
      binary: { from: this.stripped ? "tables" : "dwarf" },
      maps: mapsOf(layoutOf(this.structs)),
      process: { memory: space },
      memory: space,
      modules: [],
      pointerMasks: masks,
      specials: this.specials,
      stringBytes,
      tinyBlock,
      arenaChunk,
      closureType: (pc: Address) => this.closures.get(pc) ?? NONE,
    } as unknown as GoRuntime;
    const headers = Int32Array.from(this.addresses, (_, id) => this.headers.get(id) ?? NONE);
    return { runtime, objects, kinds, roots: this.roots(kinds), ...this.graph(objects), headers };
  }

  private roots(kinds: ReturnType<typeof pointerKinds>): RootTable {
    const { rows } = this;
    return {
      count: rows.length,
      owners: [{ kind: "global", name: "main.v" }],
      owner: new Uint32Array(rows.length),
      slot: Float64Array.from(rows, (_, row) => 0x600000 + row * 0x1000),
      value: Float64Array.from(rows, ({ to, at }) => this.addressOf(to) + at),
      object: Uint32Array.from(rows, ({ to }) => to),
      certain: new Uint8Array(rows.length).fill(1),
      code: Int32Array.from(rows, ({ type, offset }) => kinds.codeAt(type, offset)),
      type: Int32Array.from(rows, ({ type }) => type),
      offset: Float64Array.from(rows, ({ offset }) => offset),
      describe: () => {
        throw new Error("not asked");
      },
    };
  }

  /** Node 0 is the virtual root, 1 the only owner. */
  private graph(objects: ObjectTable): Pick<TypingInput, "edges" | "edgeOffsets" | "before" | "beforeAddresses" | "objectNode"> {
    const objectNode = 2;
    const sorted = this.edges.toSorted((a, b) => a.from - b.from || a.word - b.word);
    const nodeCount = objectNode + objects.count;
    const first = new Uint32Array(nodeCount + 1);
    for (const { from } of sorted) first[objectNode + from + 1]++;
    for (let node = 0; node < nodeCount; node++) first[node + 1] += first[node];
    const edges: Csr = { nodeCount, first, targets: Uint32Array.from(sorted, ({ to }) => objectNode + to) };
    const edgeOffsets = Uint32Array.from(sorted, ({ word, at }) => (at === 0 ? word : word + INTERIOR));
    const beforeAddresses = [0, ...new Set(this.firstWords.values())];
    const before = Uint16Array.from(sorted, ({ from, word }) => beforeAddresses.indexOf(this.firstWords.get(`${from} ${word}`) ?? 0));
    return { edges, edgeOffsets, before, beforeAddresses, objectNode };
  }
}
