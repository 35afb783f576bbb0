// Go's own test traces, which come with the toolchain: each is read as golang.org/x/exp/trace reads it, event for event in
// number and kind, and refused where it refuses. What they hold that no program of ours does: Ps taken between generations,
// threads that come again under another goroutine, goroutines born in system calls, one generation's end in the next.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FormatError, UnsupportedError } from "../../src/base/errors.js";
import { bytesSource } from "../../src/base/source.js";
import { Ordering } from "../../src/trace/order.js";
import { readGenerations } from "../../src/trace/reader.js";
import { missingGo } from "../support/dump-cache.js";
import {
  changeLine,
  type GoTraceTest,
  goOldTraces,
  goTraceCorpus,
  goTraceFolder,
  goTraceTests,
  traceOfText,
} from "../support/go-trace-tests.js";
import { Oracle } from "../support/traced.js";

const folder = goTraceFolder();
const why = (await missingGo("1.26.8")) ?? (folder ? undefined : "this Go came without src/internal/trace/testdata");
const full = process.env.CORESCOPE_TIER === "full";
const oracle = new Oracle();

interface Verdict {
  readonly events: number;
  /** Where the reader stopped; undefined: at the end. */
  readonly failure: string | undefined;
  readonly misplaced: number;
}

function ours(bytes: Uint8Array): Verdict {
  let events = 0;
  let misplaced = 0;
  const ordering = new Ordering(
    () => events++,
    () => misplaced++,
  );
  try {
    for (const generation of readGenerations(bytesSource("t", bytes))) ordering.run(generation);
    return { events, failure: undefined, misplaced };
  } catch (error) {
    if (!(error instanceof FormatError || error instanceof UnsupportedError)) throw error;
    return { events, failure: error.message, misplaced };
  }
}

async function theirs(bytes: Uint8Array): Promise<{ readonly events: number; readonly failure: string | undefined }> {
  return oracle.read(bytes).then(
    ({ events }) => ({ events, failure: undefined }),
    (error: { stderr?: string }) => ({
      events: Number(/after (\d+) events/.exec(error.stderr ?? "")?.[1] ?? 0),
      failure: error.stderr ?? "",
    }),
  );
}

describe.skipIf(why !== undefined)("Go's own test traces", () => {
  beforeAll(() => oracle.build());
  afterAll(() => oracle.remove());
  const tests: readonly GoTraceTest[] = folder && !why ? goTraceTests(folder) : [];

  it("are there", () => expect(tests.length).toBeGreaterThanOrEqual(20));

  it.each(tests.map((test) => [test.name, test] as const))("%s", async (_name, { bytes, failure }) => {
    const verdict = ours(bytes);
    const oracleSays = await theirs(bytes);
    if (failure) {
      expect(verdict.failure).toMatch(failure);
      expect(oracleSays.failure).toMatch(failure);
    } else {
      expect(verdict.failure).toBeUndefined();
      expect(oracleSays.failure).toBeUndefined();
      expect(verdict.events).toBe(oracleSays.events);
    }
  });

  it("with an event left out, written twice or moved they are read or refused as Go reads or refuses them", async () => {
    const changed = tests.flatMap(({ name, text }) => {
      const lines = text.split("\n");
      // Of the long ones every so many a line, so that all of it takes seconds.
      const step = Math.max(1, Math.floor(lines.length / (full ? 200 : 8)));
      return lines.flatMap((_, index) => {
        if (index % step !== 0) return [];
        return (["without", "twice", "swapped"] as const).flatMap((how) => {
          const result = changeLine(text, index, how);
          return result === undefined ? [] : [{ name: `${name} line ${index} ${how}`, bytes: traceOfText(result) }];
        });
      });
    });
    expect(changed.length).toBeGreaterThan(150);
    const differing: string[] = [];
    let refused = 0;
    for (const { name, bytes } of changed) {
      const verdict = ours(bytes);
      if (verdict.misplaced > 0) continue; // a region that ended out of order: read here, refused by Go
      const oracleSays = await theirs(bytes);
      if (oracleSays.failure !== undefined) refused++;
      if (
        (verdict.failure === undefined) !== (oracleSays.failure === undefined) ||
        (!verdict.failure && verdict.events !== oracleSays.events)
      )
        differing.push(`${name}: ${verdict.events} ${verdict.failure} | ${oracleSays.events} ${oracleSays.failure}`);
    }
    expect(differing).toEqual([]);
    expect(refused).toBeGreaterThan(20);
    expect(refused).toBeLessThan(changed.length - 20);
  });

  it("whatever Go's fuzzer found is read or refused as Go reads or refuses it", async () => {
    const corpus = folder ? goTraceCorpus(folder) : [];
    expect(corpus.length).toBeGreaterThan(10);
    const differing: string[] = [];
    for (const { name, bytes } of corpus) {
      const verdict = ours(bytes);
      const oracleSays = await theirs(bytes);
      if ((verdict.failure === undefined) !== (oracleSays.failure === undefined))
        differing.push(`${name}: ${verdict.failure} | ${oracleSays.failure}`);
    }
    expect(differing).toEqual([]);
  });

  it("traces of the first format are named as such", () => {
    const old = folder ? goOldTraces(folder) : [];
    expect(old.length).toBeGreaterThan(5);
    for (const { bytes } of old) {
      let said: unknown;
      try {
        [...readGenerations(bytesSource("old.trace", bytes))];
      } catch (error) {
        said = error;
      }
      expect(said).toBeInstanceOf(UnsupportedError);
      expect((said as UnsupportedError).message).toMatch(/old format go 1\.(11|19|21)/);
      expect((said as UnsupportedError).advice).toBe("go tool trace old.trace");
    }
  });
});
