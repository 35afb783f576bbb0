// How the members of a container came and went: what tells a leak from a healthy holder of the same size.
import { type Address, NONE, type ObjectId, type TypeId } from "../base/units.js";
import type { AddressSpace } from "../process/address-space.js";
import type { GoType } from "../runtime/types.js";
import { boundOf } from "./bounds.js";
import { type Case, startOf } from "./case.js";
import type { Held } from "./members.js";
import { FINISHED_FIELD, LEAK_NAME, LIBRARY_TYPE, STEADY_NAME } from "./name-lists.js";
import type { Point, Points } from "./points.js";
import type { Sign } from "./sign.js";
import { timeSign } from "./times.js";
import { SIGN_WEIGHT } from "./weights.js";

/** What grows without end has at least so many parts. */
const MANY = 200;
/** Types of members whose fields are read, the outermost: what lies deeper says the same again. */
const READ = 4;
/** Larger ones are no numbers in turn but times since 1970 in seconds and finer, hashes, addresses. */
const MOST_NUMBER = 1e9;
/** Shares of members that are finished, and of their spans that are members. */
const LEAST_FINISHED = 0.3;
const TOGETHER = 0.95;
const SCATTERED = 0.6;

/** Looks at the members of a point. @param name what the point is called, "" when it has no name */
export function signsOf(from: Case, { tree }: Points, point: Point, { members }: Held, name: string): readonly Sign[] {
  const found = members.slice(0, READ).flatMap(({ id, samples }) => signsOfMembers(from, id, samples));
  const bound = boundOf(from, tree, point, members);
  if (bound) found.push(bound);
  // What fields say against it outweighs how members lie in memory.
  const isDoubted = found.some(({ sign }) => SIGN_WEIGHT[sign] < 1 && sign !== "allocated-together");
  const kept = found.filter(({ sign }) => sign !== "scattered" || !isDoubted);
  const few: Sign[] = members.every((each) => each.count < MANY) ? [{ sign: "few" }] : [];
  return [...signsOfName(name), ...kept, ...few];
}

/** @param name an expression, or an owner's name */
function signsOfName(name: string): readonly Sign[] {
  const words = name.split(/[[(]/)[0].replace(/^.*\//, "");
  if (LEAK_NAME.test(words)) return [{ sign: "leak-name" }];
  return STEADY_NAME.test(words) ? [{ sign: "steady-name" }] : [];
}

/** What fields of members of one type say, and how they lie in memory. */
function signsOfMembers(from: Case, id: TypeId, members: readonly ObjectId[]): readonly Sign[] {
  const { types } = from.runtime;
  const type = types.get(id);
  if (members.length === 0 || type.kind !== "struct" || LIBRARY_TYPE.test(type.name)) return [];
  const signs: Sign[] = [];
  let isDated = false;
  for (const { name, offset, type: fieldType } of type.fields) {
    if (fieldType === NONE) continue;
    from.progress.tick(0);
    const addresses = members.map((each) => startOf(from.heap, each) + offset);
    const sign = signOfField(from, type, { name, type: types.get(fieldType), addresses }, isDated);
    // Numbers and times of the same members say one thing.
    if (sign) isDated ||= sign.sign !== "finished";
    if (sign) signs.push(sign);
  }
  const crowd = purity(from, id, members);
  if (crowd >= TOGETHER) signs.push({ sign: "allocated-together" });
  else if (crowd < SCATTERED && members.length >= MANY && signs.every(({ sign }) => SIGN_WEIGHT[sign] > 1))
    signs.push({ sign: "scattered" });
  return signs;
}

interface Field {
  readonly name: string;
  readonly type: GoType;
  /** Where it lies in each member. */
  readonly addresses: readonly Address[];
}

function signOfField(from: Case, owner: GoType, { name: field, type, addresses }: Field, isDated: boolean): Sign | undefined {
  const { memory } = from.runtime.process;
  const window = isDated ? undefined : windowOf(memory, type, addresses);
  if (window) return { sign: "numbers-in-turn", field, ...window };
  if (type.kind === "bool" && FINISHED_FIELD.test(field)) {
    const share = addresses.filter((each) => memory.tryBytes(each, 1)?.[0] === 1).length / addresses.length;
    return share >= LEAST_FINISHED ? { sign: "finished", type: owner.name, field, share } : undefined;
  }
  return type.name === "time.Time" && !isDated ? timeSign(from, owner.name, field, type, addresses) : undefined;
}

/**
 * How much of the spans that hold members is members: 1 when they were allocated in one go, as tables loaded at the
 * start are; less when they came between objects that have gone since.
 */
function purity({ heap: { objects, types } }: Case, type: TypeId, ids: readonly ObjectId[]): number {
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
function windowOf(
  memory: AddressSpace,
  type: GoType,
  addresses: readonly Address[],
): { readonly from: number; readonly to: number } | undefined {
  const numbers = addresses.flatMap((address) => numberAt(memory, type, address) ?? []);
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
function numberAt(memory: AddressSpace, type: GoType, address: Address): number | undefined {
  if (!memory.tryBytes(address, type.size)) return undefined;
  if ((type.kind === "int" || type.kind === "uint") && type.size >= 4) return memory.readUint(address, type.size as 4 | 8);
  if (type.kind !== "string") return undefined;
  const length = memory.readUint(address + 8, 8);
  const bytes = length > 0 && length < 1024 ? memory.tryBytes(memory.readAddress(address), length) : undefined;
  const digits = bytes && /(\d{1,12})\D*$/.exec(String.fromCharCode(...bytes))?.[1];
  return digits === undefined ? undefined : Number(digits);
}
