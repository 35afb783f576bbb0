// How the members of a container came and go: what tells a leak from a healthy holder of the same size.
import { formatCount, NONE, parseAddress } from "../base/units.js";
import type { Dump } from "../dump.js";
import type { GoType } from "../runtime/types.js";
import type { DominatorNode } from "./dominator-rows.js";

/** What was found out, and how much it weighs: above 1 speaks for a leak, below 1 against. */
export interface Habits {
  readonly weight: number;
  readonly evidence: readonly string[];
  /** Functions of the closures below, the most frequent first. */
  readonly functions: readonly string[];
}

/** Members read. */
const SAMPLES = 4000;
/** Fields that say a member is finished, or should be gone by now. */
const FINISHED = /^(?:is)?_?(?:closed|done|finished|cancell?ed|stopped|disconnected|dead|expired|released|completed|gone)$/i;
const DEADLINE = /(?:expire|deadline|until|validto|notafter|ttlat)/i;
const LIMIT = /^(?:max|limit|cap|capacity|maxsize|maxentries|maxitems|size|bound|maxlen)\w*$/i;

/** What people call things that are added to and forgotten, and things that are made once: a hint, never evidence. */
const LEAK_NAME =
  /subscri|listen|handler|hook|callback|pending|in_?flight|waiter|histor|audit|log|event|queue|retained|watch|observer|session|request|seen|visited|tasks|jobs|conns|clients/i;
const STEADY_NAME = /pool|buf|ring|catalog|config|index|static|table|template|lru|arena|geo|price|dictionary|lookup/i;

/** Looks at the members of a row: the objects of the largest row of several below it. */
export function describeMembers(dump: Dump, row: DominatorNode): Habits {
  const rows = [row, ...(row.children ?? []), ...(row.children ?? []).flatMap((child) => child.children ?? [])];
  const functions = rows
    .filter((each) => each.type.startsWith("func "))
    .sort((a, b) => b.count - a.count)
    .map((each) => each.type.slice("func ".length));
  const evidence: string[] = [];
  let weight = 1;
  const members = rows.slice(row.count > 1 ? 0 : 1).filter((each) => each.count > 50 && !each.type.startsWith("("));
  for (const member of members.slice(0, 4)) {
    const found = inspect(dump, member);
    weight *= found.weight;
    evidence.push(...found.evidence);
  }
  const name = `${row.expression ?? row.owner ?? ""}`.split(/[[(]/)[0].replace(/^.*\//, "");
  if (LEAK_NAME.test(name)) weight *= 1.3;
  else if (STEADY_NAME.test(name)) weight *= 0.75;
  const bounded = boundOf(dump, row, members);
  if (bounded !== undefined) {
    weight *= 0.35;
    evidence.push(bounded);
  }
  return { weight: Math.min(8, Math.max(0.1, weight)), evidence, functions };
}

/** Fields of the members of one type that dominate from the row on. */
function inspect(dump: Dump, member: DominatorNode): { readonly weight: number; readonly evidence: readonly string[] } {
  const example = parseAddress(member.example ?? member.address ?? "");
  if (example === undefined) return { weight: 1, evidence: [] };
  const { heap, runtime } = dump;
  const first = heap.objects.find(example);
  const id = first === NONE ? NONE : heap.types.type[first];
  if (id === NONE) return { weight: 1, evidence: [] };
  const type = runtime.types.get(id);
  if (type.kind !== "struct" || /^(?:sync|runtime|internal|container|context|time|os|net)[./]/.test(type.name))
    return { weight: 1, evidence: [] };
  const ids = sample(dump, id, member.count);
  const evidence: string[] = [];
  let weight = 1;
  const crowd = purity(dump, id, ids);
  if (crowd >= 0.95) weight *= 0.75;
  else if (crowd < 0.6) {
    weight *= 1.4;
    evidence.push(`they came one by one while the program worked: their spans are shared with other and freed objects`);
  }
  for (const field of type.fields) {
    const inner = field.type === NONE ? undefined : runtime.types.get(field.type);
    if (!inner) continue;
    const window = NUMBER_FIELD.test(field.name) || inner.kind === "string" ? windowOf(dump, inner, field.offset, ids) : undefined;
    if (window !== undefined) {
      weight *= 0.4;
      evidence.push(`${field.name} runs from ${formatCount(window.from)} to ${formatCount(window.to)}: older ones were removed`);
    }
    const at = (each: number) => heap.objects.addressOf(each) + heap.objects.dataStart[heap.objects.spanOf(each)] + field.offset;
    if (inner.kind === "bool" && FINISHED.test(field.name)) {
      const share = ids.filter((each) => dump.process.memory.tryBytes(at(each), 1)?.[0] === 1).length / ids.length;
      if (share < 0.3) continue;
      weight *= 3;
      evidence.push(`${percent(share)} of the ${type.name} have ${field.name} == true, and are still held`);
    } else if (inner.name === "time.Time" && DEADLINE.test(field.name)) {
      const now = deathTime(dump);
      const share =
        ids.filter((each) => {
          const time = unixSeconds(dump, inner, at(each));
          return time !== undefined && time > 0 && time < now;
        }).length / ids.length;
      if (share < 0.3) {
        weight *= 0.5;
        evidence.push(`${field.name} of ${percent(1 - share)} lies in the future: they expire`);
        continue;
      }
      weight *= 3;
      evidence.push(`${field.name} of ${percent(share)} of the ${type.name} had passed, and they are still held`);
    }
  }
  return { weight, evidence };
}

/** Numbers that are given out in turn. */
const NUMBER_FIELD = /^(?:\w*(?:id|seq|number|num|index|no|key|url|path|name|user|n))$/i;

/**
 * How much of the spans that hold members is members: 1 when they were allocated in one go, as tables loaded at the
 * start are; less when they came between objects that have gone since.
 */
function purity(dump: Dump, type: number, ids: readonly number[]): number {
  const { objects, types } = dump.heap;
  const { spans, firstId } = objects;
  let members = 0;
  let slots = 0;
  let last = NONE;
  for (const id of ids) {
    const span = objects.spanOf(id);
    if (span === last) continue;
    last = span;
    slots += spans.elements[span];
    for (let each = firstId[span]; each < firstId[span + 1]; each++) if (types.type[each] === type) members++;
  }
  return slots === 0 ? 1 : members / slots;
}

/** The numbers in a field when they are dense and do not begin near 0: what was numbered before is gone. */
function windowOf(
  dump: Dump,
  type: GoType,
  offset: number,
  ids: readonly number[],
): { readonly from: number; readonly to: number } | undefined {
  const numbers: number[] = [];
  const { objects } = dump.heap;
  for (const id of ids) {
    const value = numberAt(dump, type, objects.addressOf(id) + objects.dataStart[objects.spanOf(id)] + offset);
    if (value !== undefined) numbers.push(value);
  }
  if (numbers.length < ids.length * 0.9 || numbers.length < 50) return undefined;
  numbers.sort((a, b) => a - b);
  const from = numbers[Math.floor(numbers.length * 0.01)];
  const to = numbers[numbers.length - 1];
  const distinct = new Set(numbers).size;
  // Dense: the middle lies in the middle, and there is not much more room than members.
  const middle = (numbers[numbers.length >> 1] - from) / Math.max(1, to - from);
  return distinct > numbers.length * 0.9 && from > to * 0.2 && middle > 0.3 && middle < 0.7 && to < 2 ** 40 ? { from, to } : undefined;
}

/** An integer, or the number at the end of a string. */
function numberAt(dump: Dump, type: GoType, address: number): number | undefined {
  const { memory } = dump.process;
  if (!memory.tryBytes(address, type.size)) return undefined;
  if ((type.kind === "int" || type.kind === "uint") && type.size >= 4) return memory.readUint(address, type.size as 4 | 8);
  if (type.kind !== "string") return undefined;
  const length = memory.readUint(address + 8, 8);
  const bytes = length > 0 && length < 1024 ? memory.tryBytes(memory.readAddress(address), length) : undefined;
  const digits = bytes && /(\d{1,12})\D*$/.exec(String.fromCharCode(...bytes))?.[1];
  return digits === undefined ? undefined : Number(digits);
}

const percent = (share: number) => `${Math.round(share * 100)}%`;

/** Ids of live objects of a type, spread over the heap. */
function sample(dump: Dump, type: number, count: number): readonly number[] {
  const { objects, types } = dump.heap;
  const step = Math.max(1, Math.ceil(count / SAMPLES));
  const ids: number[] = [];
  let seen = 0;
  for (let id = 0; id < objects.count && ids.length < SAMPLES; id++)
    if (types.type[id] === type && seen++ % step === 0 && dump.heap.isLive(id)) ids.push(id);
  return ids;
}

/** When the process died: the file's own clock is not in the core, the end of the last collection is. */
function deathTime(dump: Dump): number {
  const last = dump.runtime.accounts?.gc.lastGc ?? 0n;
  return last > 0n ? Number(last / 1_000_000_000n) : Number.POSITIVE_INFINITY;
}

/** time.Time as seconds since 1970; undefined when unreadable or zero. */
function unixSeconds(dump: Dump, type: GoType, address: number): number | undefined {
  const { memory } = dump.process;
  const [wallField, extField] = ["wall", "ext"].map((name) => type.fields.find((each) => each.name === name));
  if (!wallField || !extField || !memory.tryBytes(address, type.size)) return undefined;
  const wall = memory.readUint64(address + wallField.offset);
  const ext = BigInt.asIntN(64, memory.readUint64(address + extField.offset));
  if (wall === 0n && ext === 0n) return undefined;
  const seconds = wall >> 63n === 1n ? ((wall & 0x7fffffffffffffffn) >> 30n) + 59453308800n : ext;
  return Number(seconds - 62135596800n);
}

/** A limit beside the container, not far above the number of members: "max = 4000". */
function boundOf(dump: Dump, row: DominatorNode, members: readonly DominatorNode[]): string | undefined {
  const count = members.reduce((most, each) => Math.max(most, each.count), 0);
  if (count < 50) return undefined;
  const { memory } = dump.process;
  const { types } = dump.runtime;
  const scan = (type: GoType, address: number, depth: number): string | undefined => {
    if (type.kind !== "struct" || depth > 3) return undefined;
    for (const field of type.fields) {
      const inner = field.type === NONE ? undefined : types.get(field.type);
      if (!inner) continue;
      if ((inner.kind === "int" || inner.kind === "uint") && inner.size >= 4 && LIMIT.test(field.name)) {
        const value = memory.tryBytes(address + field.offset, inner.size)
          ? memory.readUint(address + field.offset, inner.size as 4 | 8)
          : 0;
        if (value >= count * 0.5 && value <= count * 4 + 64) return `${field.name} = ${formatCount(value)} beside it: it looks bounded`;
      }
      const found = scan(inner, address + field.offset, depth + 1);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  const name = (row.expression ?? row.owner ?? "").split(/[[(]/)[0];
  const global = dump.runtime.variables.global(name) ?? dump.runtime.variables.global(name.replace(/(\.[^./]+)\.[^/]*$/, "$1"));
  if (!global) return undefined;
  const type = types.get(global.type);
  if (type.kind !== "pointer" || type.element === NONE) return scan(type, global.address, 0);
  const target = memory.tryAddress(global.address) ?? 0;
  return target > 0 ? scan(types.get(type.element), target, 0) : undefined;
}
