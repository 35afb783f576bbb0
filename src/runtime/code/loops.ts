// The loops of a function, found in its jumps. Aho, Lam, Sethi, Ullman: Compilers, 9.6
import type { Code } from "./program.js";

/** A natural loop: every way into it leads over its head. */
export interface Loop {
  /** Index of the instruction that each round begins with. */
  readonly head: number;
  /** By the index of an instruction. */
  has(index: number): boolean;
}

/** Control flow between instructions, by their indexes. */
export interface Flow {
  successors(index: number): readonly number[];
  predecessors(index: number): readonly number[];
}

/**
 * Where execution may go from each instruction. A jump to outside the function, and one whose target is not known, leads nowhere.
 * @param endsAt calls that do not return
 */
export function flowOf(code: Code, endsAt: (index: number) => boolean): Flow {
  const { instructions } = code;
  const successors = instructions.map((each, index): readonly number[] => {
    if (each.action === "return" || each.action === "stop" || endsAt(index)) return [];
    const next = index + 1 < instructions.length ? [index + 1] : [];
    if (each.action !== "jump" && each.action !== "branch") return next;
    const target = each.target === undefined ? -1 : code.indexOf(each.target);
    return [...(target < 0 ? [] : [target]), ...(each.action === "branch" ? next : [])];
  });
  const predecessors = instructions.map((): number[] => []);
  successors.forEach((list, index) => {
    for (const each of list) predecessors[each].push(index);
  });
  return { successors: (index) => successors[index] ?? [], predecessors: (index) => predecessors[index] ?? [] };
}

/** All loops, an outer one before those in it. A circle with two ways in, which only goto can make, is none. */
export function loopsOf(flow: Flow, length: number): readonly Loop[] {
  const { order, numbers } = reversePostorder(flow, length);
  const dominators = dominatorsOf(flow, order, numbers);
  const dominates = (head: number, each: number): boolean => {
    let at = numbers[each];
    while (at > numbers[head]) at = dominators[at];
    return at === numbers[head];
  };
  const bodies = new Map<number, Set<number>>();
  for (const tail of order) {
    for (const head of flow.successors(tail)) {
      // An edge back to an instruction that dominates it closes a loop; the loop is what reaches the edge without passing the head.
      if (numbers[head] > numbers[tail] || !dominates(head, tail)) continue;
      const body = bodies.get(head) ?? new Set([head]);
      bodies.set(head, body);
      for (const open = [tail]; open.length > 0; ) {
        const each = open.pop() as number;
        if (body.has(each)) continue;
        body.add(each);
        open.push(...flow.predecessors(each).filter((before) => numbers[before] >= 0));
      }
    }
  }
  return [...bodies].sort(([, a], [, b]) => b.size - a.size).map(([head, body]) => ({ head, has: (each) => body.has(each) }));
}

/** Instructions that can be reached, and the position of each among them; -1 for others. */
function reversePostorder(flow: Flow, length: number): { readonly order: readonly number[]; readonly numbers: Int32Array } {
  const numbers = new Int32Array(length).fill(-1);
  const seen = new Uint8Array(length);
  const order: number[] = [];
  const open: { readonly at: number; next: number }[] = [{ at: 0, next: 0 }];
  seen[0] = 1;
  while (open.length > 0) {
    const top = open[open.length - 1];
    const successor = flow.successors(top.at)[top.next++];
    if (successor === undefined) {
      order.push(top.at);
      open.pop();
    } else if (!seen[successor]) {
      seen[successor] = 1;
      open.push({ at: successor, next: 0 });
    }
  }
  order.reverse();
  order.forEach((each, number) => {
    numbers[each] = number;
  });
  return { order, numbers };
}

/** The immediate dominator of each, all by their positions. Cooper, Harvey, Kennedy: A Simple, Fast Dominance Algorithm */
function dominatorsOf(flow: Flow, order: readonly number[], numbers: Int32Array): Int32Array {
  const found = new Int32Array(order.length).fill(-1);
  found[0] = 0;
  for (let changed = true; changed; ) {
    changed = false;
    for (let at = 1; at < order.length; at++) {
      let common = -1;
      for (const before of flow.predecessors(order[at])) {
        let other = numbers[before];
        if (other < 0 || found[other] === -1) continue;
        if (common < 0) common = other;
        while (common !== other) {
          if (common > other) common = found[common];
          else other = found[other];
        }
      }
      if (found[at] === common) continue;
      found[at] = common;
      changed = true;
    }
  }
  return found;
}
