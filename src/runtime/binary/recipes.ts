// Addresses of the runtime's variables out of its own code: known places in known functions refer to them.
import type { Address, Bytes } from "../../base/units.js";
import type { AddressSpace } from "../../process/address-space.js";
import type { Process } from "../../process/process.js";
import type { FunctionTable } from "../functions.js";
import type { Range } from "../go-ranges.js";
import { LONGEST_FUNCTION } from "../limits.js";

/** Where a function's code refers to a variable; found by name in the pclntab. Offsets from the function's entry, in bytes. */
export interface Recipe {
  /** "runtime.mheap_" */
  readonly variable: string;
  /** "runtime.gcStart" */
  readonly function: string;
  /** Of the function: the next function's entry minus its entry. */
  readonly size: Bytes;
  readonly at: Bytes;
  readonly next: Bytes;
  /** The code refers to the variable's address + addend. */
  readonly addend: number;
  readonly check: number;
}

/** Where the place that a recipe names leads to; undefined when other instructions stand there. @param start of the function */
export type Follow = (code: Uint8Array, start: Address, recipe: Recipe) => Address | undefined;

/** What the code says of one variable. */
export interface Votes {
  /** That most places lead to. */
  readonly address: Address;
  /** Places that lead there. */
  readonly votes: number;
  /** Places that lead elsewhere. */
  readonly against: number;
}

/**
 * What the recipes say, variable by variable; one without a majority of all its places is left out, like one without any.
 * A majority is no proof: code of another build may have another variable at the very same place.
 * @param follow  by the architecture
 * @param ranges  where variables may lie
 */
export function applyRecipes(
  memory: AddressSpace,
  functions: Pick<FunctionTable, "byName">,
  recipes: readonly Recipe[],
  follow: Follow,
  ranges: readonly Range[],
): Map<string, Votes> {
  const ballots = new Map<string, Map<Address, number>>();
  for (const { recipe, target } of followed(memory, functions, recipes, follow)) {
    if (!ranges.some(({ start, end }) => target >= start && target < end)) continue;
    const ballot = ballots.get(recipe.variable) ?? new Map<Address, number>();
    ballots.set(recipe.variable, ballot);
    const address = target - recipe.addend;
    ballot.set(address, (ballot.get(address) ?? 0) + 1);
  }
  return new Map([...ballots].flatMap(([name, ballot]) => majority(ballot).map((votes) => [name, votes] as const)));
}

/** How many recipes fit: the function is there, of that size, and has the very instructions at that place. */
export function fittingRecipes(
  memory: AddressSpace,
  functions: Pick<FunctionTable, "byName">,
  recipes: readonly Recipe[],
  follow: Follow,
): number {
  return [...followed(memory, functions, recipes, follow)].length;
}

/** The recipes that fit, and where their places lead to. Code of a function is read once. */
function* followed(
  memory: AddressSpace,
  functions: Pick<FunctionTable, "byName">,
  recipes: readonly Recipe[],
  follow: Follow,
): Iterable<{ readonly recipe: Recipe; readonly target: Address }> {
  const code = new Map<string, ReturnType<typeof codeOf>>();
  for (const recipe of recipes) {
    if (!code.has(recipe.function)) code.set(recipe.function, codeOf(memory, functions, recipe.function));
    const fn = code.get(recipe.function);
    const target = fn?.bytes.length === recipe.size ? follow(fn.bytes, fn.entry, recipe) : undefined;
    if (target !== undefined) yield { recipe, target };
  }
}

function codeOf(memory: AddressSpace, functions: Pick<FunctionTable, "byName">, name: string) {
  const fn = functions.byName(name);
  const size = fn ? fn.end - fn.entry : 0;
  const bytes = fn && size > 0 && size <= LONGEST_FUNCTION ? memory.tryBytes(fn.entry, size) : undefined;
  // A copy: the cache may give its memory to other bytes.
  return fn && bytes ? { entry: fn.entry, bytes: bytes.slice() } : undefined;
}

function majority(ballot: ReadonlyMap<Address, number>): [Votes] | [] {
  const [first] = [...ballot].sort((a, b) => b[1] - a[1]);
  const all = [...ballot.values()].reduce((sum, each) => sum + each, 0);
  return first && first[1] * 2 > all ? [{ address: first[0], votes: first[1], against: all - first[1] }] : [];
}

/** Addresses of the process that the executable's symbol table has: `-ldflags=-w` and `strip -g` leave it. */
export function symbolAddresses({ executable, loadBias }: Process): Map<string, Address> {
  const found = new Map<string, Address>();
  for (const { name, address } of executable?.symbols() ?? []) if (!found.has(name)) found.set(name, address + loadBias);
  return found;
}
