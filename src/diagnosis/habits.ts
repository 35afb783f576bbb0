// How the members of a container came and go: what tells a leak from a healthy holder of the same size.
import { type Address, formatCount, NONE, type ObjectId, type TypeId } from "../base/units.js";
import type { Dump } from "../dump.js";
import { dataAddress } from "../naming/locate.js";
import type { GoType } from "../runtime/types.js";
import { boundOf } from "./bounds.js";
import type { Member } from "./members.js";
import type { Point } from "./points.js";
import { type Sign, timeSign } from "./times.js";

/** What was found out, and how much it weighs: above 1 speaks for a leak, below 1 against. */
export interface Habits {
  readonly weight: number;
  readonly evidence: readonly string[];
}

/** Fields that say a member is finished, or should be gone by now. */
const FINISHED = /^(?:is)?_?(?:closed|done|finished|cancell?ed|stopped|disconnected|dead|expired|released|completed|gone)$/i;
/** What grows without end has at least so many parts. */
const MANY = 200;
/** Types of members whose fields are read, the outermost: what lies deeper says the same again. */
const READ = 4;
/** Larger ones are no numbers in turn but times since 1970 in seconds and finer, hashes, addresses. */
const MOST_NUMBER = 1e9;

const CROWD = "they came one by one while the program worked: their spans are shared with other and freed objects";

/** What people call things that are added to and forgotten, and things that are made once: a hint, never evidence. */
const LEAK_NAME =
  /subscri|listen|handler|hook|callback|pending|in_?flight|waiter|histor|audit|log|event|queue|retained|watch|observer|session|request|seen|visited|tasks|jobs|conns|clients/i;
const STEADY_NAME = /pool|buf|ring|catalog|config|index|static|table|template|lru|arena|geo|price|dictionary|lookup/i;

/** Looks at the members of a point. */
export function habitsOf(dump: Dump, { row, whole, above }: Point, members: readonly Member[]): Habits {
  const found = members.slice(0, READ).flatMap(({ id, samples }) => signsOf(dump, id, samples));
  const bound = boundOf(dump, whole, above, members);
  if (bound !== undefined) found.push({ weight: 0.35, evidence: bound });
  // What fields say against it outweighs how members lie in memory.
  const isDoubted = found.some((sign) => sign.weight < 1 && sign.evidence !== "");
  const signs = found.filter((sign) => sign.evidence !== CROWD || !isDoubted);
  if (members.every((each) => each.count < MANY)) signs.push({ weight: 0.7, evidence: "" });
  const name = `${row.expression ?? row.owner ?? ""}`.split(/[[(]/)[0].replace(/^.*\//, "");
  const named = LEAK_NAME.test(name) ? 1.3 : STEADY_NAME.test(name) ? 0.75 : 1;
  const weight = signs.reduce((product, sign) => product * sign.weight, named);
  const evidence = new Set(signs.flatMap((sign) => (sign.evidence === "" ? [] : [sign.evidence])));
  return { weight: Math.min(8, Math.max(0.1, weight)), evidence: [...evidence] };
}

/** What fields of members of one type say, and how they lie in memory. */
function signsOf(dump: Dump, id: TypeId, members: readonly ObjectId[]): readonly Sign[] {
  const type = dump.runtime.types.get(id);
  if (members.length === 0 || type.kind !== "struct" || /^(?:sync|runtime|internal|container|context|time|os|net)[./]/.test(type.name))
    return [];
  const signs: Sign[] = [];
  let isDated = false;
  for (const field of type.fields) {
    const inner = field.type === NONE ? undefined : dump.runtime.types.get(field.type);
    if (!inner) continue;
    dump.progress.tick(0);
    const addresses = members.map((each) => dataAddress(dump, each) + field.offset);
    const window = isDated ? undefined : windowOf(dump, inner, addresses);
    if (window !== undefined) {
      // Numbers and times of the same members say one thing.
      isDated = true;
      signs.push({
        weight: 0.4,
        evidence: `${field.name} runs from ${formatCount(window.from)} to ${formatCount(window.to)}: older ones were removed`,
      });
    } else if (inner.kind === "bool" && FINISHED.test(field.name)) {
      const share = addresses.filter((each) => dump.process.memory.tryBytes(each, 1)?.[0] === 1).length / addresses.length;
      if (share >= 0.3)
        signs.push({
          weight: 3,
          evidence: `${Math.round(share * 100)}% of the ${type.name} have ${field.name} == true, and are still held`,
        });
    } else if (inner.name === "time.Time" && !isDated) {
      const sign = timeSign(dump, type.name, field.name, inner, addresses);
      if (sign) signs.push(sign);
      isDated = sign !== undefined;
    }
  }
  const crowd = purity(dump, id, members);
  if (crowd >= 0.95) signs.push({ weight: 0.75, evidence: "" });
  else if (crowd < 0.6 && members.length >= MANY && signs.every((sign) => sign.weight > 1)) signs.push({ weight: 1.4, evidence: CROWD });
  return signs;
}

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

/**
 * The numbers in a field when they were given out in turn and do not begin near 0: what was numbered before is gone.
 * @param addresses where the field lies in each member
 */
function windowOf(dump: Dump, type: GoType, addresses: readonly Address[]): { readonly from: number; readonly to: number } | undefined {
  const numbers = addresses.flatMap((address) => numberAt(dump, type, address) ?? []);
  if (numbers.length < addresses.length * 0.9 || numbers.length < 50) return undefined;
  numbers.sort((a, b) => a - b);
  const from = numbers[Math.floor(numbers.length * 0.01)];
  const to = numbers[numbers.length - 1];
  const distinct = new Set(numbers).size;
  // In turn: the middle lies in the middle.
  const middle = (numbers[numbers.length >> 1] - from) / Math.max(1, to - from);
  return distinct > numbers.length * 0.9 && from > to * 0.2 && middle > 0.3 && middle < 0.7 && to < MOST_NUMBER ? { from, to } : undefined;
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
