// What the program mapped itself, and how much of it nothing in Go refers to any more.
import { partitionPoint } from "../base/search.js";
import { addressWord } from "../base/uint64.js";
import { type Address, NONE, type ObjectId, WORD } from "../base/units.js";
import type { Mapped } from "../runtime/mapped.js";
import { stackRoots } from "../runtime/stack-roots.js";
import type { Case } from "./case.js";

/** Bytes read at once. */
const PIECE = 1 << 20;

/**
 * Maps that no live object, no variable and no stack refers to: nobody can unmap them any more.
 * @param maps in address order
 */
export function forgottenMaps(from: Case, maps: readonly Mapped[]): readonly Mapped[] {
  if (maps.length === 0) return [];
  const { runtime } = from;
  const found = new References(maps);
  readObjects(from, maps, found);
  for (const { noptrdata, enoptrbss, ebss } of runtime.modules) readWords(from, noptrdata, Math.max(enoptrbss, ebss), found);
  for (const goroutine of runtime.goroutines.all) for (const { value } of stackRoots(runtime, goroutine).roots) found.note(value);
  return maps.filter((_, index) => !found.isReferred(index));
}

/** Which of the maps, in address order, a pointer leads to. */
class References {
  private readonly referred: Uint8Array;
  private readonly end: Address;

  private readonly all: readonly Mapped[];

  constructor(all: readonly Mapped[]) {
    this.all = all;
    this.referred = new Uint8Array(all.length);
    this.end = all.reduce((end, { address, bytes }) => Math.max(end, address + bytes), 0);
  }

  isReferred(index: number): boolean {
    return this.referred[index] === 1;
  }

  note(value: Address): void {
    const { all } = this;
    if (value < all[0].address || value >= this.end) return;
    const at = partitionPoint(all.length, (index) => all[index].address <= value) - 1;
    if (value < all[at].address + all[at].bytes) this.referred[at] = 1;
  }
}

/** Live objects but for the tables themselves; those without pointers too, for an address may be kept as a number. */
function readObjects(from: Case, maps: readonly Mapped[], found: References): void {
  const { heap, progress } = from;
  const { spans, firstId } = heap.objects;
  const tables = tableObjects(from, maps);
  progress.stage("suspects: mapped memory", spans.count);
  for (let span = 0; span < spans.count; span++) {
    if ((span & 0x1ff) === 0) progress.tick(span);
    for (let id = firstId[span]; id < firstId[span + 1]; id++) {
      if (!heap.isLive(id) || tables.has(heap.wholes.of(id))) continue;
      const at = heap.objects.addressOf(id);
      readWords(from, at, at + heap.objects.sizeOf(id), found);
    }
  }
}

function tableObjects({ heap }: Case, maps: readonly Mapped[]): ReadonlySet<ObjectId> {
  const ids = [...new Set(maps.map(({ table }) => table))].map((table) => heap.objects.find(table));
  return new Set(ids.filter((id) => id !== NONE).map((id) => heap.wholes.of(id)));
}

function readWords({ runtime }: Case, from: Address, to: Address, found: References): void {
  for (let start = from; start < to; start += PIECE) {
    const bytes = runtime.process.memory.tryBytes(start, Math.min(PIECE, to - start));
    if (!bytes) continue;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = 0; at + WORD <= bytes.length; at += WORD) found.note(addressWord(view, at, 0));
  }
}
