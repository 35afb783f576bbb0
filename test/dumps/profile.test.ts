/** Profiles out of a core are what runtime/pprof wrote just before the end, stack by stack: dumps/testdata/profile. */
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DumpWish } from "../../scripts/make-dumps.mjs";
import type { AllocationSite } from "../../src/accounting/allocation-sites.js";
import { silent } from "../../src/base/progress.js";
import type { Hex } from "../../src/base/units.js";
import { type Dump, openDump } from "../../src/dump.js";
import { objects } from "../../src/query/objects.js";
import { type Profile, type ProfileArgs, profile } from "../../src/query/profile.js";
import { show } from "../../src/query/show.js";
import { why } from "../../src/query/why.js";
import { callersFrames } from "../../src/runtime/callers-frames.js";
import { readContentionBuckets, readHeapBuckets } from "../../src/runtime/records/profile-buckets.js";
import { made, missingGo, nameOf, releases } from "../support/dump-cache.js";
import { type Field, numberOf, readMessage } from "../support/protobuf.js";

const full = process.env.CORESCOPE_TIER === "full";

/** Each state of a program on each release, or in turn: every release meets one, and every state an older and a newer release. */
const STATES: readonly (readonly string[])[] = [["published"], ["lagging"], ["first"], ["published", "1"], ["lagging", "10000"]];
const wishes: DumpWish[] = releases.flatMap((go, i) =>
  (full ? STATES : [STATES[i % STATES.length]]).map((args) => ({ program: "profile", go, args: args ?? [] })),
);
const STRIPPED = { program: "profile", flags: ["-ldflags=-s -w"] };
wishes.push(...(full ? releases : ["1.23.12", "1.27.2"]).map((go) => ({ ...STRIPPED, go, args: ["lagging"] })));
if (full) {
  wishes.push({ program: "profile", go: "1.27.2", args: ["published"], arch: "arm64" });
  wishes.push({ program: "profile", go: "1.26.8", args: ["published"], flags: ["-buildmode=pie"] });
}

type Kind = "heap" | "block" | "mutex";
interface Said {
  /** "main.(*Store).add main.go:70" by an object's address. */
  readonly sites: Readonly<Record<Hex, string>>;
  readonly profiles: Readonly<Record<Kind, { readonly proto: string; readonly text: string }>>;
}
type Found = Extract<Profile, { readonly found: true }>;

/** Rows of a file of runtime/pprof: the values of each stack, whose frames are as "function file:line". */
function stacksIn(proto: string): Map<string, number[]> {
  const all = readMessage(gunzipSync(Buffer.from(proto, "base64")));
  const messages = (number: number) => all.filter((each) => each.number === number).map((each) => readMessage(each.value as Uint8Array));
  const strings = all.filter((each) => each.number === 6).map((each) => new TextDecoder().decode(each.value as Uint8Array));
  const functions = new Map(messages(5).map((each) => [numberOf(each, 1), each]));
  const frame = (line: readonly Field[]) => {
    const fn = functions.get(numberOf(line, 1)) ?? [];
    return `${strings[numberOf(fn, 2) ?? 0]} ${strings[numberOf(fn, 4) ?? 0]}:${numberOf(line, 2) ?? 0}`;
  };
  const locations = new Map(
    messages(4).map((each) => [
      numberOf(each, 1),
      each.filter(({ number }) => number === 4).map(({ value }) => frame(readMessage(value as Uint8Array))),
    ]),
  );
  const found = new Map<string, number[]>();
  for (const sample of messages(2)) {
    const values = integers(sample, 2);
    const key = integers(sample, 1)
      .flatMap((id) => locations.get(id) ?? [])
      .join("\n");
    const known = found.get(key);
    found.set(
      key,
      values.map((value, i) => value + (known?.[i] ?? 0)),
    );
  }
  return found;
}

/** A repeated field of integers, packed or not. */
function integers(message: readonly Field[], number: number): number[] {
  const values = message.filter((each) => each.number === number).map(({ value }) => value);
  return values.flatMap((value) => (typeof value === "number" ? [value] : unpack(value)));
}

function unpack(bytes: Uint8Array): number[] {
  const out: number[] = [];
  let value = 0;
  let scale = 1;
  for (const byte of bytes) {
    value += (byte % 128) * scale;
    scale *= 128;
    if (byte >= 128) continue;
    out.push(value);
    [value, scale] = [0, 1];
  }
  return out;
}

/** Values of two profiles that are not the same, a line each; the exponential may differ in its last bit, and a sum by one for each size. */
function differences(is: ReadonlyMap<string, readonly number[]>, said: ReadonlyMap<string, readonly number[]>, most: number): string[] {
  const keys = new Set([...is.keys(), ...said.keys()]);
  return [...keys].flatMap((key) => {
    const [own = [], others = []] = [is.get(key), said.get(key)];
    const isSame = own.length === others.length && own.every((value, i) => Math.abs(value - (others[i] ?? Number.NaN)) <= most);
    return isSame ? [] : [`${own} instead of ${others}:\n${key}`];
  });
}

for (const wish of wishes) {
  const missing = await missingGo(wish.go);
  describe.skipIf(missing !== undefined)(missing ? `${nameOf(wish)} (${missing})` : nameOf(wish), () => {
    let dump: Dump;
    let said: Said;
    beforeAll(async () => {
      const test = await made(wish);
      dump = await openDump({ core: test.core, executable: test.executable });
      said = test.truth as unknown as Said;
    });
    afterAll(() => dump?.close());
    const ask = (args: ProfileArgs): Found => {
      const found = profile.run(dump, { top: 0, ...args }, { progress: silent, findings: dump.findings });
      if (!found.found) throw new Error(`no profile: ${found.reason}`);
      return found;
    };
    const rowsOf = (kind: Kind): Map<string, readonly number[]> => {
      const answer = ask({ kind });
      const keyOf = (frames: (typeof answer.rows)[number]["frames"]) =>
        (frames ?? []).map((each) => `${each.function} ${each.file}:${each.line}`).join("\n");
      return answer.kind === "heap"
        ? new Map(
            answer.rows.map((row) => [keyOf(row.frames), [row.allocObjects, row.allocBytes, row.inuseObjects, row.inuseBytes]] as const),
          )
        : new Map(answer.rows.map((row) => [keyOf(row.frames), [row.contentions, row.delayNanoseconds ?? -1]] as const));
    };

    it("has the heap profile stack by stack", () => {
      const written = stacksIn(said.profiles.heap.proto);
      for (const [key, values] of written) if (values.every((each) => each === 0)) written.delete(key);
      expect(written.size).toBeGreaterThan(10);
      expect(differences(rowsOf("heap"), written, 1)).toEqual([]);
    });

    it.each(["block", "mutex"] as const)("has the %s profile stack by stack", (kind) => {
      const written = stacksIn(said.profiles[kind].proto);
      expect(written.size).toBeGreaterThan(3);
      // A stripped program may not tell how long a tick is: then only the times that something happened can be compared.
      const most = wish.flags === STRIPPED.flags ? Number.POSITIVE_INFINITY : 0;
      expect(differences(rowsOf(kind), written, most)).toEqual([]);
    });

    it("has the counts and addresses that are written for people", () => {
      const lines = (kind: Kind) =>
        said.profiles[kind].text
          .split("\n")
          .filter((line) => / @( 0x[0-9a-f]+)+$/.test(line))
          .sort();
      const fail = (at: number) => expect.fail(`a bucket is damaged at ${at.toString(16)}`);
      const words = (pcs: readonly number[]) => pcs.map((pc) => ` 0x${pc.toString(16)}`).join("");
      const buckets = readHeapBuckets(dump.runtime, fail).map(({ pcs, published: { allocs, frees, allocBytes, freeBytes } }) => {
        return `${allocs - frees}: ${allocBytes - freeBytes} [${allocs}: ${allocBytes}] @${words(pcs)}`;
      });
      const silentOnes = /^0: 0 \[0: 0\]/;
      expect(buckets.filter((line) => !silentOnes.test(line)).sort()).toEqual(lines("heap").filter((line) => !silentOnes.test(line)));
      for (const kind of ["block", "mutex"] as const) {
        const found = readContentionBuckets(dump.runtime, kind, fail).map(
          ({ pcs, count, cycles }) => `${cycles} ${count} @${words(callersFrames(dump.runtime, pcs).map(({ pc }) => pc + 1))}`,
        );
        expect(found.sort()).toEqual(lines(kind));
      }
    });

    it("knows as many objects as are in use by the end", () => {
      const { sampled } = dump.runtime;
      const counts = new Map<number, number>();
      for (const bucket of sampled.values()) counts.set(bucket, (counts.get(bucket) ?? 0) + 1);
      const buckets = readHeapBuckets(dump.runtime, () => expect.fail("a bucket is damaged"));
      const wrong = buckets.filter(({ address, now }) => now.allocs - now.frees !== (counts.get(address) ?? 0));
      expect(wrong).toEqual([]);
      expect(sampled.size).toBeGreaterThan(30);
    });

    it("tells where objects were allocated that were sampled, and by them where others of their type were", () => {
      const context = { progress: silent, findings: dump.findings };
      const textOf = (site: AllocationSite) => `${site.function} ${site.file.slice(site.file.lastIndexOf("/") + 1)}:${site.line}`;
      const { rows, sites } = objects.run(dump, { type: "^main[.]Order$", top: 0 }, context);
      const made = new Map(rows.map((row) => [row.address, row.site] as const));
      const all = Object.entries(said.sites) as [Hex, string][];
      expect(all.length).toBeGreaterThan(10);
      let exact = 0;
      for (const [address, where] of all) {
        expect(made.has(address), address).toBe(true);
        const site = made.get(address);
        if (site) expect(textOf(site)).toBe(where);
        const answer = why.run(dump, { address }, context);
        if (site) expect(answer.site).toEqual(site);
        if (site) exact++;
        else expect(textOf(answer.sites?.places[0]?.site ?? { function: "", file: "", line: 0 })).toBe(where);
        expect(show.run(dump, { of: address }, context).object?.site).toEqual(site);
      }
      if (wish.args?.[1] === "1") expect(exact).toBe(all.length);
      expect(sites?.sampled).toBe(rows.filter((row) => row.site).length);
      expect(sites?.places.map(({ site }) => textOf(site))).toEqual([all[0]?.[1]]);
    });
  });
}
