/** What the linker wrote of a program: build info, packages, modules; and what is said where that is missing. */
import { describe, expect, test } from "vitest";
import { UnsupportedError } from "../../src/base/errors.js";
import { Findings } from "../../src/base/findings.js";
import type { Address } from "../../src/base/units.js";
import type { DebugInfo } from "../../src/dwarf/dwarf.js";
import type { Process } from "../../src/process/process.js";
import { readBuildInfo } from "../../src/runtime/build-info.js";
import type { Layout } from "../../src/runtime/layout/schema.js";
import { type Module, readModules } from "../../src/runtime/modules.js";
import { readPackages } from "../../src/runtime/packages.js";
import { layoutOf, MemoryBuilder, type Structs } from "../support/memory-builder.js";

const UNMAPPED = 0xdead000000;

describe("build info", () => {
  const text = (value: string) => {
    const bytes = [...new TextEncoder().encode(value)];
    return [(bytes.length & 0x7f) | 0x80, bytes.length >> 7, ...bytes];
  };
  const frame = "0123456789abcdef";
  const section = (version: string, lines: readonly string[], flags = 2) =>
    Uint8Array.from([
      0xff,
      ...new TextEncoder().encode(" Go buildinf:"),
      8,
      flags,
      ...new Array(16).fill(0),
      ...text(version),
      ...text(`${frame}${lines.join("\n")}${frame}`),
    ]);
  const read = (bytes: Uint8Array | undefined) =>
    readBuildInfo({ executable: { sections: [], section: () => bytes }, memory: undefined, loadBias: 0 } as unknown as Process);
  const lines = [
    "path\texample.com/app/cmd/serve",
    "mod\texample.com/app\tv1.2.3\th1:abc=",
    "dep\tgithub.com/other/thing\tv0.1.0\th1:def=",
    "build\t-buildmode=exe",
    'build\t-ldflags="-X main.version=1"',
    "build\t=nothing",
  ];

  test("tells release, experiments, module, dependencies and settings", () => {
    expect(read(section("go1.26.8 X:nogreenteagc", lines))).toEqual({
      goVersion: "go1.26.8",
      experiments: ["nogreenteagc"],
      module: "example.com/app@v1.2.3",
      dependencies: ["github.com/other/thing"],
      settings: { path: "example.com/app/cmd/serve", "-buildmode": "exe", "-ldflags": "-X main.version=1" },
    });
    expect(read(section("go1.26.8", ["mod\tapp\t(devel)"])).module).toBe("app");
  });

  test("is empty where there is none, of an old form, or cut: never an error", () => {
    const none = { goVersion: "", experiments: [], module: "", dependencies: [], settings: {} };
    expect(read(undefined)).toEqual(none);
    expect(read(section("go1.17", lines, 0))).toEqual(none);
    expect(read(Uint8Array.from(new Array(100).fill(7)))).toEqual(none);
    const whole = section("go1.26.8", lines);
    for (let size = 0; size < whole.length; size++) expect(typeof read(whole.subarray(0, size)).goVersion).toBe("string");
    expect(read(whole.subarray(0, 41)).goVersion).toBe("go1.26.");
  });
});

test("packages are those of units, of types' names and of functions' names, however these are cut into pieces", () => {
  const memory = new MemoryBuilder(0xc000000000, 3 << 20);
  const table = memory.allocate(2 << 20);
  const names = ["main.main", "example.com/a/b.(*T).Run", "gopkg.in/yaml%2ev3.Marshal", "type:.eq.x/y.T", "strings.Map"];
  // One name lies over the end of the first piece of 1 MiB.
  const bytes = new TextEncoder().encode(`${names.join("\0")}\0`);
  memory.bytes(table, bytes).bytes(table + (1 << 20) - 5, new TextEncoder().encode("\0over/the/edge.F\0"));
  const debug = {
    typeNames: () => ["map[string]x/y.T", "k8s.io/api/core.Pod", "*other/path.T", "int"],
    packages: () => [{ path: "main", name: "main" }],
  } as unknown as DebugInfo;
  const module = (cutab: Address) => ({ funcnametab: table, cutab }) as Module;
  const paths = (cutab: Address) => readPackages(memory.memory(), [module(cutab)], debug).map((each) => each.path);
  expect(paths(table + (2 << 20))).toEqual(["main", "k8s.io/api/core", "example.com/a/b", "gopkg.in/yaml.v3", "over/the/edge"]);
  expect(paths(table)).toEqual(["main", "k8s.io/api/core"]);
});

const FIELDS =
  "pcHeader minpc maxpc text etext noptrdata enoptrdata data edata bss ebss noptrbss enoptrbss types etypes rodata gofunc gcdatamask.n gcdatamask.bytedata gcbssmask.n gcbssmask.bytedata gcdata gcbss next".split(
    " ",
  );
const SLICES = ["funcnametab", "cutab", "filetab", "pctab", "pclntable", "ftab", "textsectmap"];
const moduledata: Structs[string] = [
  FIELDS.length * 8 + SLICES.length * 24,
  Object.fromEntries([
    ...FIELDS.map((name, i) => [name, [i * 8, 8]] as const),
    ...SLICES.map((name, i) => [name, [FIELDS.length * 8 + i * 24, 24]] as const),
  ]),
];

describe("modules", () => {
  const program = () => {
    const memory = new MemoryBuilder();
    const [first, second] = [memory.allocate(moduledata[0]), memory.allocate(moduledata[0])];
    const set = (at: Address, name: string, ...values: number[]) => memory.words(at + moduledata[1][name][0], ...values);
    set(first, "text", 0x401000);
    set(first, "next", second);
    set(first, "ftab", 0x5000, 9, 9);
    set(second, "text", 0x7f0000);
    const global = (name: string) => (name === "runtime.firstmoduledata" ? first : undefined);
    const layout = { ...layoutOf({ moduledata }), global } as unknown as Layout;
    const findings = new Findings();
    const read = () => readModules(memory.memory(), layout, findings).map((each) => each.text);
    return { memory, set, first, second, layout, findings, read };
  };

  test("are read from the first one on, each with its tables and text sections", () => {
    const { memory, set, first, layout, read, findings } = program();
    const sections = memory.allocate(24);
    memory.words(sections, 0, 0x100, 0x401000);
    set(first, "textsectmap", sections, 1, 1);
    expect(read()).toEqual([0x401000, 0x7f0000]);
    expect(readModules(memory.memory(), layout, findings)[0]).toMatchObject({
      ftab: { array: 0x5000, length: 9 },
      textsections: [{ vaddr: 0, end: 0x100, baseaddr: 0x401000 }],
    });
    expect(findings.list()).toEqual([]);
  });

  test("end where one is not in the core and where the list is a circle, and that is told", () => {
    for (const next of [UNMAPPED, 0]) {
      const { set, first, second, read, findings } = program();
      set(second, "next", next === 0 ? first : next);
      expect(read()).toEqual([0x401000, 0x7f0000]);
      expect(findings.list()).toMatchObject([{ code: "module-missing", partial: true }]);
    }
  });

  test("a memory without a first module has no Go runtime", () => {
    const layout = { ...layoutOf({ moduledata }), global: () => undefined } as unknown as Layout;
    expect(() => readModules(new MemoryBuilder().memory(), layout, new Findings())).toThrow(UnsupportedError);
  });
});
