import { describe, expect, test } from "vitest";
import { histogramCommand } from "../../cli/commands/histogram.js";
import { COMMANDS } from "../../cli/commands/index.js";
import { leakedCommand } from "../../cli/commands/leaked.js";
import { mappingsCommand } from "../../cli/commands/mappings.js";
import { objectsCommand } from "../../cli/commands/objects.js";
import { overviewCommand } from "../../cli/commands/overview.js";
import { readCommand } from "../../cli/commands/read.js";
import { showCommand } from "../../cli/commands/show.js";
import { whyCommand } from "../../cli/commands/why.js";
import { makePage } from "../../cli/text/style.js";
import { textWidth } from "../../cli/text/table.js";
import { UsageError } from "../../src/base/errors.js";
import type { Suspect } from "../../src/query/suspects.js";

const narrow = makePage(80, false);
const hostile = "evil\u001b[2J\n\u009b\u202e";
const longType =
  "map[string]*github.com/acme/shop/internal/session.VeryLongSessionTypeNameThatGoesOn[github.com/acme/shop/internal/token.Token]";

/** Of 12 MiB in three things. */
function accumulation(holder: string, type: string): Suspect {
  return {
    rule: "accumulation",
    subject: { kind: "owner", id: 0, expression: holder },
    bytes: 12 * 2 ** 20,
    share: 0.32,
    whole: { kind: "live heap", bytes: 39112000 },
    parts: [],
    figures: { holder, isRuntimes: false, members: { count: 3, type } },
    signs: [],
    next: { query: "dominators", args: { of: holder } },
    score: 1,
    confidence: "medium",
    signature: "0123456789ab",
  };
}

const overviewAnswer: Parameters<typeof overviewCommand.text>[0] = {
  waits: [],
  leaks: [],
  explanation: "memory",
  topStacks: [],
  userGoroutines: 1,
  death: { kind: "panic", summary: `panic: ${hostile} in goroutine 1 (main.main)`, goroutine: { id: 1, state: "running" } },
  program: {
    name: hostile,
    path: "/srv/shop/bin/shop",
    pid: 4242,
    arguments: `./shop ${"--flag=value ".repeat(12)}`,
    module: "github.com/acme/shop (devel)",
    buildSettings: { "-trimpath": "true", CGO_ENABLED: "0", "vcs.revision": "a".repeat(40), "vcs.modified": "true" },
    goVersion: "go1.26.8",
    experiments: ["greenteagc"],
    arch: "amd64",
    signal: "SIGABRT",
    pc: "0x47a1c1",
  },
  memory: {
    mappedBytes: 1000,
    reservedBytes: 67108864,
    classes: [
      { name: "Go heap in use", bytes: 600, go: true },
      { name: "other mappings", bytes: 400, go: false },
    ],
    mappings: [{ name: "anonymous 0x7f0a55220000", bytes: 400 }],
    files: [],
  },
  heap: {
    allocatedObjects: 1424635,
    allocatedBytes: 110521000,
    liveObjects: 521482,
    liveBytes: 39112000,
    garbageObjects: 903153,
    garbageBytes: 71409000,
    typedBytes: 39110000,
  },
  stats: {
    heapObjects: 1424635,
    heapAlloc: 110521000,
    heapInuse: 112000000,
    heapIdle: 9000000,
    heapReleased: 5400000,
    stackInuse: 327680,
    sys: 150000000,
  },
  gc: { phase: "off", cycles: 14, gogc: -1, memoryLimit: null, nextGoal: 78224000, lastGcUnixNanoseconds: "1764141000123456789" },
  goroutines: { total: 214, byStatus: { running: 1, waiting: 213 } },
  topSuspects: [accumulation("main.cache", hostile)],
  topHolders: [
    { owner: "main.cache", type: "global", bytes: 0, retainedBytes: 20e6, count: 1 },
    { type: longType, bytes: 960000, retainedBytes: 9e6, count: 12000, example: "0xc0001a2000" },
    { type: "main.User", address: "0xc0001a2000", expression: `main.sessions["${hostile}"]`, bytes: 80, retainedBytes: 300, count: 1 },
  ],
  topTypes: [{ type: longType, count: 12000, bytes: 960000 }],
};

const whyAnswer: Parameters<typeof whyCommand.text>[0] = {
  object: { address: "0xc0001a2000", type: "main.User", bytes: 80, evidence: "malloc header" },
  reachable: true,
  matching: 12000,
  paths: [
    {
      root: {
        kind: "goroutine",
        name: "goroutine 17",
        owner: "goroutine 17",
        goroutine: 17,
        function: "main.worker",
        variable: "u",
        certain: false,
      },
      steps: [
        { address: "0xc0000b2000", type: longType, bytes: 48, evidence: "root", expression: "main.sessions" },
        { address: "0xc0001a2000", type: "main.User", bytes: 80, evidence: "root", expression: `main.sessions["${hostile}"]` },
      ],
    },
  ],
};

test("every text fits 80 columns and holds no control character", () => {
  const row = { address: "0xc0001a2000" as const, type: longType, bytes: 123456789, summary: hostile.repeat(20) };
  const texts = [
    overviewCommand.text(overviewAnswer, narrow),
    histogramCommand.text(
      {
        rows: [{ type: longType, count: 1234567890, bytes: 5e12, evidence: { guess: 1234567890 } }],
        total: { rows: 812, objects: 2e9, bytes: 6e12, parts: 5 },
      },
      narrow,
    ),
    objectsCommand.text({ rows: [row], total: { rows: 5, bytes: 1e9 } }, narrow),
    whyCommand.text(whyAnswer, narrow),
    mappingsCommand.text(
      {
        rows: [
          {
            start: "0x7fff00000000",
            end: "0x7fff00021000",
            bytes: 135168,
            flags: "rw-",
            backing: "not-dumped",
            path: `/srv/${hostile}/${"x".repeat(90)}`,
          },
        ],
        total: { rows: 1, bytes: 135168 },
      },
      narrow,
    ),
    readCommand.text(
      { address: "0xc000012340", bytes: "00ff1b5b".repeat(16), where: { kind: "unmapped", address: "0xc000012340" } },
      narrow,
    ),
  ];
  for (const line of texts.flat()) {
    expect(/[\p{Cc}\p{Cf}]/u.test(line)).toBe(false);
    expect(textWidth(line)).toBeLessThanOrEqual(80);
    expect(line).toBe(line.trimEnd());
  }
});

test("a pipe gets whole names", () => {
  const page = makePage(Number.POSITIVE_INFINITY, false);
  expect(overviewCommand.text(overviewAnswer, page).join("\n")).toContain(longType);
  expect(whyCommand.text(whyAnswer, page).join("\n")).toContain(longType);
});

describe("overview", () => {
  const text = overviewCommand.text(overviewAnswer, narrow).join("\n");
  test("tells the death, the heap, the collector and the goroutines", () => {
    expect(text).toContain("died of SIGABRT");
    expect(text).toMatch(/live +37\.3 MiB +35% +521,482 objects/);
    expect(text).toMatch(/garbage +68\.1 MiB +65% +903,153 objects/);
    expect(text).toContain(">99% of the live bytes");
    expect(text).toContain("GOGC off");
    expect(text).toContain("2025-11-26T07:10:00.123Z");
    expect(text).toContain("214: 213 waiting, 1 running");
  });
  test("a core without a signal or a collection says so", () => {
    const quiet = {
      ...overviewAnswer,
      program: { ...overviewAnswer.program, signal: null },
      gc: overviewAnswer.gc && { ...overviewAnswer.gc, lastGcUnixNanoseconds: null },
    };
    const lines = overviewCommand.text(quiet, narrow).join("\n");
    expect(lines).toContain("no signal recorded");
    expect(lines).toContain("never ran");
  });
  test("says first what killed it, what is probably wrong and who holds the memory, however much each of them says", () => {
    const word = (n: number) => `word${n}`;
    const words = Array.from({ length: 300 }, (_, n) => word(n)).join(" ");
    const frame = { function: "main.run", pc: "0x47a1c1", inlined: false } as const;
    const long = {
      ...overviewAnswer,
      death: {
        ...overviewAnswer.death,
        summary: `panic: ${words} in goroutine 7 (main.run)`,
        top: { ...frame, file: `/a${"/folder".repeat(30)}/x.go`, line: 7 },
      },
      topSuspects: [1, 2, 3].map((n) => accumulation(`main.x${n}`, words)),
    };
    for (const page of [narrow, makePage(Number.POSITIVE_INFINITY, false)]) {
      const lines = overviewCommand.text(long, page).slice(0, 24);
      const first = lines.join("\n");
      expect(lines.every((line) => line.length <= 80 || line.includes("/folder"))).toBe(true);
      expect(first).toMatch(/^Death {7}panic: word0 /);
      expect(first).toMatch(/ …\n +in goroutine 7 \(main\.run\) at\n/);
      expect(first).toContain("x.go:7");
      for (const n of [1, 2, 3]) expect(first).toContain(`${n}. main.x${n} holds 12.0 MiB (32% of the live heap): 3 × word0`);
      expect(first).toMatch(/^Holders {5}19\.1 MiB {3}51% {2}main\.cache$/m);
      expect(first).toMatch(/^ {13}8\.6 MiB {3}23% {2}12,000 × …/m);
      expect(first).toMatch(/^ +300 B {3}<1% {2}main\.sessions\["/m);
      expect(first).toContain("Program");
    }
    expect(overviewCommand.text({ ...overviewAnswer, topSuspects: [], topHolders: [] }, narrow).join("\n")).toContain(
      "Suspects    nothing stands out",
    );
  });
});

describe("why", () => {
  test("a conservative root is marked as one", () => {
    expect(whyCommand.text(whyAnswer, narrow).join("\n")).toContain("goroutine 17, main.worker, variable u  ~ conservative");
  });
  test("garbage is told, and is a no", () => {
    const garbage = { object: whyAnswer.object, reachable: false, paths: [] };
    expect(whyCommand.text(garbage, narrow).join("\n")).toContain("garbage: no root reaches this object");
    expect([whyCommand.isNo?.(garbage), whyCommand.isNo?.(whyAnswer)]).toEqual([true, false]);
  });
  test("wants an address or a type, not both and not none", () => {
    expect(whyCommand.args(["c000012000"], {})).toEqual({ address: "0xc000012000" });
    expect(whyCommand.args([], { type: "User" })).toEqual({ type: "User" });
    expect(() => whyCommand.args([], {})).toThrow(UsageError);
    expect(() => whyCommand.args(["0x10"], { type: "User" })).toThrow(UsageError);
  });
});

describe("histogram", () => {
  test("truncation is told, guesses are marked", () => {
    const rows = [
      { type: "main.User", count: 12, bytes: 960, evidence: { "malloc header": 12 } },
      { type: "main.Item", count: 10, bytes: 40, evidence: { guess: 9, root: 1 } },
    ];
    const lines = histogramCommand.text({ rows, total: { rows: 812, objects: 100, bytes: 1000, parts: 0 } }, narrow);
    expect(lines.join("\n")).toContain("2 of 812 rows (--top 0 for all)");
    expect(lines.find((line) => line.includes("main.User"))).toMatch(/main\.User$/);
    expect(lines.find((line) => line.includes("main.Item"))).toMatch(/main\.Item \?$/);
  });
  test("turns its words into arguments", () => {
    expect(histogramCommand.args([], { top: "0", garbage: true, by: "package", focus: "x", sort: "count" })).toEqual({
      by: "package",
      garbage: true,
      focus: "x",
      top: 0,
      sort: "count",
    });
    expect(histogramCommand.args([], {})).toEqual({ by: "type", garbage: false, top: 20, sort: "bytes" });
    expect(() => histogramCommand.args([], { by: "colour" })).toThrow(UsageError);
  });
  test("the next commands can be pasted: they match the very type", () => {
    const next = histogramCommand.next?.({
      rows: [{ type: "map[string]*main.T", count: 1, bytes: 1, evidence: {} }],
      total: { rows: 1, objects: 1, bytes: 1, parts: 0 },
    });
    const pattern = /--type '(.*)'$/.exec(next?.[0] ?? "")?.[1] ?? "";
    expect(new RegExp(pattern).test("map[string]*main.T")).toBe(true);
    expect(new RegExp(pattern).test("map[string]*main.T2")).toBe(false);
  });
});

test("names of several scripts align, and a text of wide characters is folded to the width of the page", () => {
  const child = (name: string) => ({ name, type: "int", kind: "int", text: "1" }) as const;
  const value = {
    name: "",
    type: "map[string]int",
    kind: "map",
    text: "世界".repeat(60),
    children: [child('["名字"]'), child('["name"]'), child('["é"]')],
  };
  const answer = { expression: "main.m", type: "map[string]int", address: "0x10", value } as unknown as Parameters<
    typeof showCommand.text
  >[0];
  const lines = showCommand.text(answer, narrow);
  const rows = lines.filter((line) => line.includes('["'));
  expect(rows.map((line) => textWidth(line.slice(0, line.indexOf("1"))))).toEqual(Array(3).fill(textWidth(rows[0]?.split("1")[0] ?? "")));
  expect(lines.every((line) => textWidth(line) <= 80)).toBe(true);
  expect(lines.filter((line) => line.startsWith("世")).join("")).toBe("世界".repeat(60));
});

test("a value of hundreds of thousands of elements or bytes is drawn whole", () => {
  const child = { name: "[0]", type: "int", kind: "int", text: "1" } as const;
  for (const kind of ["int", "uint8"]) {
    const children = Array.from({ length: 300_000 }, () => ({ ...child, kind, type: kind }));
    const value = { name: "", type: `[]${kind}`, kind: "slice", text: "", children };
    const answer = { expression: "main.x", type: `[]${kind}`, address: "0x10", value } as unknown as Parameters<typeof showCommand.text>[0];
    expect(showCommand.text(answer, narrow).length).toBeGreaterThan(10_000);
  }
});

test("read shows the object and the offset in it, and -o has its bytes", () => {
  const answer: Parameters<typeof readCommand.text>[0] = {
    address: "0xc000012345",
    bytes: "6869",
    object: { address: "0xc000012340", type: "[]uint8", bytes: 16, offset: 5 },
  };
  expect(readCommand.text(answer, narrow).join("\n")).toContain("in 0xc000012340  []uint8  16 B, byte 5 of it");
  expect([...(readCommand.file?.(answer) ?? [])]).toEqual([new Uint8Array([0x68, 0x69])]);
  expect(readCommand.args(["c000012345"], {})).toEqual({ address: "0xc000012345", length: 0 });
});

test("names of commands are their queries' names, and differ", () => {
  // explore is the overview on a terminal.
  const asking = COMMANDS.filter((spec) => spec.start === undefined);
  expect(asking.map((spec) => spec.query.name)).toEqual(asking.map((spec) => spec.name));
  expect(new Set(COMMANDS.map((spec) => spec.name)).size).toBe(COMMANDS.length);
});

test("leaked tells of those who wait for each other, whom a variable keeps from being leaked", () => {
  const total = { goroutines: 0, groups: 0, blocked: 8, undecided: 0, complete: true, heapObjects: 0, heapBytes: 0, stackBytes: 0 };
  const answer = { groups: [], ids: [], inCircles: [3, 4], total };
  expect(leakedCommand.text(answer, makePage(80, false)).join("\n")).toContain("deadlock: 2 other goroutines wait for each other");
  expect(leakedCommand.next?.(answer)).toEqual(["blocked CORE"]);
  expect(leakedCommand.text({ ...answer, inCircles: [] }, makePage(80, false)).join("\n")).not.toContain("deadlock");
});
