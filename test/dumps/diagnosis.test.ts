/** Small services that die of classic failures: the first screen says the culprit, its figure and its line, and blames nobody else; of healthy ones next to nothing. */
import { afterAll, describe, expect, it } from "vitest";
import { type DumpWish, releases } from "../../scripts/make-dumps.mjs";
import { made, missingGo, nameOf } from "../support/dump-cache.js";
import { accusations, judge, QUESTIONS, type Question } from "../support/first-screen.js";
import { HEALTHY_ALLOWED, KNOWN } from "./diagnosis-known.js";

const full = process.env.CORESCOPE_TIER === "full";
const tested = releases.filter((each) => /^1\.(?:22|24|26|27)\./.test(each));

const services = [
  ...["lock-cycle", "lock-ring", "convoy", "convoy-http", "writer-starved", "lock-lost"],
  ...["waitgroup", "cond", "leaked-sends", "full-channel", "all-asleep", "nil-select", "bodies", "contexts"],
  ...["map-room", "fragmented", "duplicates", "mmap", "limit", "tickers", "timers", "defers", "global-map", "subslices", "lru", "pool"],
  ...["finalizer", "cleanup", "malloc"],
  ...["recursion", "map-writes", "closed-channel", "nil-map", "nil-pointer", "thrown-again", "makeslice", "out-of-memory"],
];

const healthy = [
  ...["busy-server", "cond-pool", "channel-pool", "idle-daemon", "compiler", "pipeline", "ticker-loop", "bounded-lru", "sync-map"],
  ...["big-table", "connections", "crawler", "ring", "deadlines", "shards", "writer", "expiry"],
];

/** Releases that cannot run it are left out. */
function on(kind: string, index: number): readonly string[] {
  const able = kind === "cleanup" ? tested.filter((go) => !go.startsWith("1.22")) : tested;
  return full ? able : [able[index % able.length]];
}

function wishesOf(kinds: readonly string[], prefix = ""): readonly { readonly kind: string; readonly wish: DumpWish }[] {
  return kinds.flatMap((kind, index) =>
    on(kind, index).map((go) => ({
      kind,
      wish: { program: "cases", go, args: [`${prefix}${kind}`], ...(kind === "malloc" ? { cgo: true } : {}) },
    })),
  );
}

const table: string[] = [];
afterAll(() => console.log(table.join("\n")));

describe("a service that fails", () => {
  for (const { kind, wish } of wishesOf(services)) {
    it(nameOf(wish), async ({ skip }) => {
      const reason = await missingGo(wish.go);
      if (reason) return skip(reason);
      const { missed, screen } = await judge(kind, await made(wish));
      const marks = QUESTIONS.map((each) => (missed[each] ? `${each} MISSED` : each).padEnd(14)).join(" ");
      table.push(`${kind.padEnd(15)} ${wish.go.padEnd(8)} ${marks}`);
      if (process.env.CORESCOPE_SHOW) table.push(screen, ...Object.values(missed).map((each) => `    ${each}`), "");
      const known = (KNOWN[kind] ?? []).filter(({ releases: those }) => !those || those.some((each) => wish.go.startsWith(`${each}.`)));
      const misses = Object.keys(missed) as Question[];
      const said = `${Object.values(missed).join("\n")}\n${screen}`;
      expect(
        misses.filter((each) => !known.some(({ question }) => question === each)),
        said,
      ).toEqual([]);
      // What is no longer missed goes out of the list.
      expect(
        known.filter(({ question, byChance }) => !byChance && !misses.includes(question)),
        screen,
      ).toEqual([]);
    });
  }
});

describe("a healthy program", () => {
  const found: string[] = [];
  const wishes = wishesOf(healthy, "healthy-");
  for (const { kind, wish } of wishes) {
    it(nameOf(wish), async ({ skip }) => {
      const reason = await missingGo(wish.go);
      if (reason) return skip(reason);
      const accused = await accusations(await made(wish));
      found.push(...accused);
      table.push(
        `${`healthy-${kind}`.padEnd(24)} ${wish.go.padEnd(8)} ${accused.length} findings`,
        ...accused.map((each) => `    ${each}`),
      );
    });
  }

  it("is seldom accused", () => {
    expect(found.length / wishes.length, found.join("\n")).toBeLessThanOrEqual(HEALTHY_ALLOWED);
  });
});
