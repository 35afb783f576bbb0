// Inlined locks try first without a call, which no trace is left of: the way with the call tells which lock it is.
import type { Address } from "../../base/units.js";
import type { Code } from "./program.js";
import type { Watcher } from "./watcher.js";

/** Instructions between the branch and the call. */
const LONGEST_WAY = 16;

/** Tells at the branches of inlined functions which way leads to the call of their slow path. */
export class SlowPaths {
  private readonly watcher: Pick<Watcher<never>, "isInlined">;
  private readonly known = new Map<Address, boolean | undefined>();

  constructor(watcher: Pick<Watcher<never>, "isInlined">) {
    this.watcher = watcher;
  }

  /** Whether a branch has to be taken to come to the call; undefined when it is no branch of that kind. */
  isTaken(code: Code, index: number): boolean | undefined {
    const each = code.instructions[index];
    if (each.action !== "branch") return undefined;
    if (this.known.has(each.pc)) return this.known.get(each.pc);
    const region = this.watcher.isInlined(code.fn, each.pc);
    let answer: boolean | undefined;
    if (region !== undefined) {
      const calls = (from: number) => this.callsWithin(code, from, region);
      const [taken, passed] = [calls(code.indexOf(each.target)), calls(index + 1)];
      if (taken !== passed) answer = taken;
    }
    this.known.set(each.pc, answer);
    return answer;
  }

  private callsWithin(code: Code, from: number, region: string): boolean {
    let index = from;
    for (let count = 0; count < LONGEST_WAY && index >= 0; count++) {
      const each = code.instructions[index];
      if (!each || each.action === "branch" || each.action === "return" || each.action === "stop") return false;
      if (each.action === "call") return this.watcher.isInlined(code.fn, each.pc) === region;
      index = each.action === "jump" ? (each.target === undefined ? -1 : code.indexOf(each.target)) : index + 1;
    }
    return false;
  }
}
