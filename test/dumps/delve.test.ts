/**
 * Delve's variables of every goroutine against corescope's: what both show is the same, what delve alone shows is little and has a reason.
 * Where delve is wrong the program's own word tells: dumps/testdata/locals.
 */
import { describe, expect, it } from "vitest";
import { silent } from "../../src/base/progress.js";
import { type Dump, openDump } from "../../src/dump.js";
import { type FrameVariable, frameVariables, memoryWith, SCRATCH } from "../../src/runtime/frame-variables.js";
import type { Goroutine } from "../../src/runtime/goroutines.js";
import { delveFrames, delveWords, missingDelve } from "../support/delve.js";
import { made, missingGo, nameOf, rotate } from "../support/dump-cache.js";
import type { ToldLocals } from "../support/locals.js";
import { crashServer, SERVER_GO, SERVERS } from "../support/servers.js";

const full = process.env.CORESCOPE_TIER === "full";
const noDelve = await missingDelve();

/** Goroutines that stand at one place, so many of them. */
const ALIKE = 2;
const MOST_GOROUTINES = 120;

interface Comparison {
  /** Variables of frames outside package runtime that both show alike; of the program's own frames among them. */
  same: number;
  own: number;
  /** Both show another value. */
  readonly different: string[];
  /** Of the program's own frames: delve alone shows one. */
  readonly missing: string[];
}

function goroutinesOf(dump: Dump): readonly Goroutine[] {
  const byPlace = new Map<string, Goroutine[]>();
  for (const each of dump.runtime.goroutines.all) {
    const place = each
      .unwound()
      .frames.map((frame) => frame.pc)
      .join();
    const alike = byPlace.get(place) ?? [];
    byPlace.set(place, alike);
    if (alike.length < ALIKE) alike.push(each);
  }
  return [...byPlace.values()].flat().slice(0, MOST_GOROUTINES);
}

/** As delveWords says it. */
function wordsOf(dump: Dump, { type, place, name }: FrameVariable): string | undefined {
  if (place.kind === "absent") return undefined;
  const { types } = dump.runtime;
  const memory = place.kind === "bytes" ? memoryWith(dump.process.memory, SCRATCH, place.bytes) : dump.process.memory;
  const at = place.kind === "bytes" ? SCRATCH : place.address;
  const of = (id: number, address: number): string | undefined => {
    const { kind, size } = types.get(id);
    const word = () => `0x${memory.readUint64(address).toString(16)}`;
    if (kind === "string") {
      const length = memory.readUint(address + 8, 8);
      const bytes = length === 0 ? new Uint8Array(0) : memory.bytes(memory.readAddress(address), Math.min(length, 64));
      return `${length} ${Buffer.from(bytes).toString()}`;
    }
    if (kind === "slice") return `${word()} ${memory.readUint(address + 8, 8)}`;
    if (["pointer", "map", "chan"].includes(kind)) return word();
    if (kind === "bool") return memory.bytes(address, 1)[0] === 1 ? "true" : "false";
    if (size > 8 || (kind !== "int" && kind !== "uint")) return undefined;
    const number = size === 8 ? memory.readUint64(address) : BigInt(memory.readUint(address, size as 1 | 2 | 4));
    return String(kind === "int" ? BigInt.asIntN(8 * size, number) : number);
  };
  if (!name.startsWith("&")) return of(type, at);
  return of(types.get(type).element, memory.readAddress(at));
}

async function compare(files: { readonly core: string; readonly executable: string }): Promise<Comparison> {
  const dump = await openDump(files, silent);
  try {
    const goroutines = goroutinesOf(dump);
    const theirs = await delveFrames(
      files,
      goroutines.map((each) => each.id),
    );
    const out: Comparison = { same: 0, own: 0, different: [], missing: [] };
    for (const goroutine of goroutines) {
      const ours = goroutine
        .unwound()
        .frames.flatMap((frame) => frameVariables(dump.runtime, goroutine, frame).map((variable) => ({ pc: frame.pc, variable })));
      let callee = "";
      for (const frame of theirs.get(goroutine.id) ?? []) {
        const isEnd = NEVER_RETURN.test(callee);
        callee = frame.function;
        if (frame.function.startsWith("runtime.")) continue;
        const seen = new Set<string>();
        for (const each of frame.variables.toReversed()) {
          if (/^[~.]/.test(each.name) || seen.has(each.name)) continue;
          seen.add(each.name);
          const own = ours.find(
            ({ pc, variable }) =>
              pc === frame.pc &&
              !variable.hidden &&
              variable.function === frame.function &&
              (variable.name === each.name || variable.name === `&${each.name}`),
          )?.variable;
          if (!own) continue;
          const told = delveWords(each);
          const name = `g${goroutine.id} ${frame.function} ${each.name}`;
          const isOwn = /^main[.]|^[^/(]*[.][^/]*[/]/.test(frame.function);
          if (told === undefined) continue;
          if (own.place.kind === "absent") {
            if (isOwn && !isEnd) out.missing.push(`${name} ${told}: ${own.place.why}`);
          } else if (wordsOf(dump, own) === told) {
            out.same++;
            if (isOwn) out.own++;
          }
          // What was passed is another question than what it is.
          else if (!own.asPassed) out.different.push(`${name} (${own.certainty}): ${wordsOf(dump, own)}, delve ${told}`);
        }
      }
    }
    return out;
  } finally {
    dump.close();
  }
}

/** What delve shows of the program's own frames corescope shows too, but for these few, each with its reason. */
const MOST_MISSING = 2;
const MOST_MISSING_SHARE = 0.15;
/** A frame that calls these does not go on: nothing is to come that would vouch for a value, and corescope refuses most. */
const NEVER_RETURN = /^runtime\.(?:block|gopanic|throw|fatal)/;

/** Until Go 1.23 nothing in an optimised program tells whether a parameter was assigned to: such ones are refused, delve prints them all. */
const MOST_MISSING_PARAMETERS = 4;
const isTold = (go: string) => Number(go.split(".")[1]) >= 24;

function check({ same, own, different, missing }: Comparison, go: string): void {
  expect(different, different.join("\n")).toEqual([]);
  if (isTold(go)) expect(same).toBeGreaterThan(0);
  const most = isTold(go) ? MOST_MISSING : MOST_MISSING_PARAMETERS;
  expect(missing.length, missing.join("\n")).toBeLessThanOrEqual(Math.max(most, MOST_MISSING_SHARE * (own + missing.length)));
}

const kinds = [
  { program: "services", args: ["gateway"] },
  { program: "services", args: ["bus"] },
  { program: "leaky", args: ["20"] },
];

for (const { kind, go } of rotate(kinds, full)) {
  const wish = { ...kind, go };
  const missing = noDelve ?? (await missingGo(go));
  describe.skipIf(missing !== undefined)(missing ? `${nameOf(wish)} (${missing})` : nameOf(wish), () => {
    it("shows what delve shows", async () => check(await compare(await made(wish)), go));
  });
}

for (const server of full ? SERVERS : []) {
  describe.skipIf(noDelve !== undefined)(server.module, () => {
    it(
      "shows what delve shows of a real server under load",
      async () => check(await compare(await crashServer(server)), SERVER_GO),
      1_200_000,
    );
  });
}

describe.skipIf(noDelve !== undefined)("where delve is wrong", () => {
  it("is what the program itself says: corescope refuses the value, or says what was passed", async () => {
    const files = await made({ program: "locals", go: "1.26.8", args: ["nil"] });
    const told = (files.truth as unknown as { locals: ToldLocals }).locals;
    const dump = await openDump(files, silent);
    try {
      const theirs = await delveFrames(
        files,
        dump.runtime.goroutines.all.map((each) => each.id),
      );
      const wrong: string[] = [];
      const repeated: string[] = [];
      for (const goroutine of dump.runtime.goroutines.all) {
        const ours = goroutine.unwound().frames.flatMap((frame) => frameVariables(dump.runtime, goroutine, frame));
        for (const { function: fn, variables } of theirs.get(goroutine.id) ?? []) {
          for (const each of variables) {
            const values = told[fn]?.[each.name];
            if (!values || each.unreadable !== "" || each.kind < 1 || each.kind > 12 || values.includes("*")) continue;
            if (values.includes(each.value)) continue;
            wrong.push(`${fn} ${each.name}: ${each.value}, told ${values.join()}`);
            const own = ours.find((one) => one.function === fn && one.name === each.name);
            if (own && own.certainty !== "unavailable" && !own.asPassed) repeated.push(`${fn} ${each.name}`);
          }
        }
      }
      expect(wrong.length).toBeGreaterThan(3);
      expect(wrong).toContain("main.spentNumber n: 20, told 40");
      expect(repeated).toEqual([]);
    } finally {
      dump.close();
    }
  });
});
