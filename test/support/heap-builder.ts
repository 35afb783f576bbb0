// A heap that a test makes: spans, types, memory, owners and pointers; all that is counted and diagnosed, without a core.
import type { HeapNames, Sources } from "../../src/accounting/sources.js";
import { Findings } from "../../src/base/findings.js";
import { PackageNames } from "../../src/base/package-names.js";
import { silent } from "../../src/base/progress.js";
import { type Address, type Bytes, hex, NONE, type ObjectId, type OwnerId, type TypeId } from "../../src/base/units.js";
import { csrOf } from "../../src/graph/graph.js";
import { isMarked, mark } from "../../src/graph/mark.js";
import { breadthFirst } from "../../src/graph/reachability.js";
import type { Heap } from "../../src/heap/heap.js";
import { numberObjects } from "../../src/heap/objects.js";
import { retentionOf } from "../../src/heap/retention.js";
import type { Owner } from "../../src/heap/roots.js";
import type { GoRuntime } from "../../src/runtime/runtime.js";
import { PAGE } from "../../src/runtime/spans.js";
import type { PointerMasks } from "../../src/runtime/variants/pointer-masks.js";
import { MemoryBuilder, TypeBuilder } from "./memory-builder.js";
import { type SpanSpec, spansOf } from "./span-builder.js";

const HEAP: Address = 0xc000000000;
const masks: PointerMasks = { kindOf: () => "none", spanBits: () => false, typeMask: () => undefined };

/** Objects are numbered in the order in which they are made; owners too. */
export class HeapBuilder {
  readonly types = new TypeBuilder();
  readonly memory: MemoryBuilder;
  private readonly owners: Owner[] = [];
  private readonly specs: SpanSpec[] = [];
  private readonly typeOf: TypeId[] = [];
  private readonly addresses: Address[] = [];
  private readonly owned: (readonly [OwnerId, ObjectId])[] = [];
  private readonly pointers: (readonly [ObjectId, ObjectId])[] = [];
  private readonly wholeOf = new Map<ObjectId, ObjectId>();
  private next = HEAP;

  constructor(size = 1 << 22) {
    this.memory = new MemoryBuilder(HEAP, size);
  }

  owner(kind: Owner["kind"], name: string, facts: Partial<Owner> = {}): OwnerId {
    return this.owners.push({ kind, name, ...facts }) - 1;
  }

  /**
   * Objects in a span of their own.
   * @param type NONE = unknown
   * @param size of a slot; that of the type when absent
   */
  objects(type: TypeId, count: number, size = this.slotOf(type), noscan = false): ObjectId[] {
    const pages = Math.ceil((size * count) / PAGE);
    const slots = { elementSize: size, elements: count, freeIndex: count, allocBits: 0, allocCount: count };
    this.specs.push({ base: this.next, pages, ...slots, noscan, sizeClass: 5 });
    const ids = Array.from({ length: count }, (_, slot) => {
      this.addresses.push(this.next + slot * size);
      return this.typeOf.push(type) - 1;
    });
    this.next += pages * PAGE;
    return ids;
  }

  /** Objects of several types of one size in one span. */
  mixed(types: readonly TypeId[]): ObjectId[] {
    const ids = this.objects(types[0], types.length);
    for (const [index, id] of ids.entries()) this.typeOf[id] = types[index];
    return ids;
  }

  private slotOf(type: TypeId): Bytes {
    return Math.max(16, Math.ceil((type === NONE ? 16 : this.types.get(type).size) / 16) * 16);
  }

  object(type: TypeId, size?: number): ObjectId {
    return this.objects(type, 1, size)[0];
  }

  addressOf(id: ObjectId): Address {
    return this.addresses[id];
  }

  /** A root. */
  owns(owner: OwnerId, ...ids: readonly ObjectId[]): this {
    for (const id of ids) this.owned.push([owner, id]);
    return this;
  }

  /** A pointer in an object, which is written too where it has an offset. */
  points(from: ObjectId, to: ObjectId, offset?: number): this {
    this.pointers.push([from, to]);
    if (offset !== undefined) this.memory.word(this.addressOf(from) + offset, this.addressOf(to));
    return this;
  }

  /** The object is a part of the value that another stands for. */
  part(id: ObjectId, of: ObjectId): this {
    this.wholeOf.set(id, of);
    return this;
  }

  /** @param runtime what the test needs of it besides types and memory */
  build(runtime: Partial<GoRuntime> = {}): Sources {
    const { types, owners } = this;
    const memory = this.memory.memory();
    const objects = numberObjects(memory, spansOf(this.specs), masks, new Findings());
    const objectNode = 1 + owners.length;
    const referents = csrOf(objectNode + objects.count, [
      ...owners.map((_, owner): [number, number] => [0, 1 + owner]),
      ...this.owned.map(([owner, id]): [number, number] => [1 + owner, objectNode + id]),
      ...this.pointers.map(([from, to]): [number, number] => [objectNode + from, objectNode + to]),
    ]);
    const live = mark(referents, 0, silent);
    const isLive = (id: ObjectId) => isMarked(live, objectNode + id);
    const ids = Array.from({ length: objects.count }, (_, id) => id);
    const column = Int32Array.from(ids, (id) => this.wholeOf.get(id) ?? NONE);
    const type = Int32Array.from(this.typeOf);
    const heap = {
      objects,
      roots: { owners, count: 0 },
      graph: {
        referents,
        offsets: new Uint32Array(referents.targets.length),
        ownerCount: owners.length,
        nodeOfObject: (id: ObjectId) => objectNode + id,
        nodeOfOwner: (id: OwnerId) => 1 + id,
        objectOfNode: (node: number) => node - objectNode,
      },
      types: { type, evidence: new Uint8Array(objects.count).fill(2), evidenceOf: () => "pointer" },
      wholes: {
        column,
        labels: [],
        of: (id: ObjectId) => (column[id] >= 0 ? column[id] : id),
        isPart: (id: ObjectId) => column[id] >= 0,
        nameOf: (id: ObjectId) => types.get(type[column[id] >= 0 ? column[id] : id]).role.readable,
      },
      tree: breadthFirst(referents, 0, silent, new Set()),
      live,
      isLive,
      liveObjects: ids.filter(isLive).length,
      liveBytes: ids.filter(isLive).reduce((sum, id) => sum + objects.sizeOf(id), 0),
    } as unknown as Heap;
    const made = {
      types,
      memory,
      process: { memory },
      names: new PackageNames([]),
      goroutines: { all: [], find: () => undefined },
      variables: { global: () => undefined, globalAt: () => undefined },
      ...runtime,
    } as unknown as GoRuntime;
    return { heap, retention: retentionOf(heap, silent), runtime: made, progress: silent };
  }
}

/** Objects by their address, owners by their name. */
export function plainNames({ heap }: Pick<Sources, "heap">): HeapNames {
  return {
    expression: (id) => hex(heap.objects.addressOf(id)),
    owner: (id) => heap.roots.owners[id].name,
    goroutine: (id) => `goroutine ${id}`,
    place: () => ({ entry: "main.main", function: "main.work", file: "main.go", line: 1, state: "running" }),
  };
}
