import { expect, test } from "vitest";
import { ARCHES } from "../../../src/base/arch.js";
import { Findings } from "../../../src/base/findings.js";
import { bytesSource } from "../../../src/base/source.js";
import type { Address } from "../../../src/base/units.js";
import { type Mapping, openAddressSpace } from "../../../src/process/address-space.js";
import type { Process } from "../../../src/process/process.js";
import { findModuleData, findModules } from "../../../src/runtime/binary/find-module.js";
import { fixtures, openFixture } from "../../support/dump-cache.js";

const HEADER = 0x1000;
const FIRST = 0x8100;
const SECOND = 0x9100;
/** Of the moduledata's words the last, in Go 1.26. */
const NEXT = 73;

/** An image in memory: a header of a pclntab, and module data that points to it. */
class Image {
  readonly bytes = new Uint8Array(0xa000);
  private readonly view = new DataView(this.bytes.buffer);
  readonly start: Address;
  constructor(start: Address) {
    this.start = start;
  }
  word(at: number, value: number): this {
    this.view.setBigUint64(at, BigInt(value), true);
    return this;
  }
  header(magic = 0xfffffff1): this {
    this.view.setUint32(HEADER, magic, true);
    this.bytes.set([0, 0, 1, 8], HEADER + 4);
    [10, 3, 0, 72, 0x100, 0x200, 0x300, 0x400].forEach((value, i) => {
      this.word(HEADER + 8 + i * 8, value);
    });
    return this;
  }
  module(at: number, next: Address = 0): this {
    const base = this.start;
    const tables = [72, 0x100, 0x200, 0x300, 0x400].flatMap((offset) => [base + HEADER + offset, 64, 64]);
    const ftab = [base + HEADER + 0x400, 11, 11, base + HEADER + 0x600];
    const text = [0x2000, 0x2800, 0x2000, 0x2800].map((offset) => base + offset);
    const sections = [0x8000, 0x8080, 0x8080, 0x9000, 0x9000, 0x9000, 0x9000, 0x9000, 0, 0, 0x9000].map((offset) => base + offset);
    [base + HEADER, ...tables, ...ftab, ...text, ...sections].forEach((value, i) => {
      this.word(at + i * 8, value);
    });
    return this.word(at + NEXT * 8, next);
  }
  mappings(path: string, flags = 6): Mapping[] {
    const backing = { source: bytesSource(path, this.bytes), offset: 0 };
    return [{ start: this.start, end: this.start + this.bytes.length, flags, path, backing }];
  }
}

const processOf = (mappings: readonly Mapping[], executable?: Process["executable"]): Process => ({
  memory: openAddressSpace(mappings),
  threads: [],
  executable,
  others: [],
  source: bytesSource("core", new Uint8Array(0)),
  arch: ARCHES.amd64,
  loadBias: 0,
  pid: 1,
  executableName: "",
  arguments: "",
  signal: undefined,
  auxv: new Map(),
  files: [],
});

const search = (mappings: readonly Mapping[], executable?: Process["executable"]) => {
  const findings = new Findings();
  const found = findModules(processOf(mappings, executable), findings);
  return { found: found.map(({ address, how }) => [address, ...how]), findings: findings.list().map(({ code }) => code) };
};

test.each(fixtures())("$name: the same place by sections, by magic number, by shape alone", async ({ name }) => {
  const { process, runtime } = await openFixture(name);
  const address = runtime.layout.global("runtime.firstmoduledata") as Address;
  const findings = new Findings();
  const ways = (changed: Partial<Process>) =>
    findModules({ ...process, ...changed }, findings).map((each) => [each.address, ...each.how, each.isInExecutable]);
  expect(ways({})).toEqual([[address, "section", "shape", true]]);
  const withoutSections = Object.create(process.executable as object, { sections: { value: [] } });
  expect(ways({ executable: withoutSections })).toEqual([[address, "magic", "shape", true]]);
  const ofCore = process.memory.mappings.filter(({ backing }) => typeof backing !== "string" && backing.source === process.source);
  expect(ways({ executable: undefined, memory: openAddressSpace(ofCore) })).toEqual([[address, "shape", false]]);
  const unnamed = ofCore.map((each) => ({ ...each, path: "" }));
  expect(ways({ executable: undefined, memory: openAddressSpace(unnamed) })).toEqual([[address, "shape", false]]);
  expect(findings.list()).toEqual([]);
});

test("a magic number that nobody knows leaves the shape", () => {
  const image = new Image(0x400000).header(0x12345678).module(FIRST);
  expect(search(image.mappings("/bin/hidden"))).toEqual({ found: [[0x400000 + FIRST, "shape"]], findings: [] });
});

test("a table of functions of an old release is named", () => {
  const image = new Image(0x400000).header(0xfffffff0);
  expect(search(image.mappings("/bin/old"))).toEqual({ found: [], findings: ["pclntab-old"] });
});

test("a module that another one's next points to is in its chain", () => {
  const plugin = new Image(0x500000).header().module(FIRST);
  const host = new Image(0x400000).header().module(FIRST, plugin.start + FIRST);
  const { found, findings } = search([...host.mappings("/bin/host"), ...plugin.mappings("/lib/plugin.so")]);
  expect(found).toEqual([[0x400000 + FIRST, "magic", "shape"]]);
  expect(findings).toEqual([]);
});

test("libraries in Go have a chain each: the executable's is the program's, without one it is a finding", () => {
  const library = new Image(0x400000).header().module(FIRST);
  const other = new Image(0x500000).header().module(FIRST);
  const mappings = [...library.mappings("/lib/a.so"), ...other.mappings("/lib/b.so")];
  expect(search(mappings).found.map(([address]) => address)).toEqual([0x400000 + FIRST, 0x500000 + FIRST]);
  expect(search(mappings).findings).toEqual(["module-ambiguous"]);
  const segments = [{ type: 1, flags: 6, offset: 0, address: 0x500000, fileSize: 0xa000, memorySize: 0xa000 }];
  const executable = { sections: [], segments } as unknown as Process["executable"];
  expect(search(mappings, executable)).toEqual({
    found: [
      [0x500000 + FIRST, "magic", "shape"],
      [0x400000 + FIRST, "magic", "shape"],
    ],
    findings: [],
  });
});

test("two in the executable are a finding; a record that breaks one relation is none", () => {
  const twice = new Image(0x400000).header().module(FIRST).module(SECOND);
  const segments = [{ type: 1, flags: 6, offset: 0, address: 0x400000, fileSize: 0xa000, memorySize: 0xa000 }];
  const executable = { sections: [], segments } as unknown as Process["executable"];
  expect(search(twice.mappings("/bin/twice"), executable).findings).toEqual(["module-ambiguous"]);
  const broken: readonly (readonly [number, number])[] = [
    [2, 63],
    [16, 0x400000],
    [21, 0x1000],
    [25, 0xffffff],
    [1, 0x400000],
    [17, 12],
  ];
  for (const [index, value] of broken) {
    const image = new Image(0x400000)
      .header()
      .module(FIRST)
      .word(FIRST + index * 8, value);
    expect(search(image.mappings("/bin/broken")).found, `word ${index}`).toEqual([]);
  }
});

test("the linker of C puts the data with pointers first", () => {
  const swapped = [0x8080, 0x9000, 0x8000, 0x8080].map((offset) => 0x400000 + offset);
  const image = new Image(0x400000).header().module(FIRST);
  swapped.forEach((value, i) => {
    image.word(FIRST + (24 + i) * 8, value);
  });
  expect(search(image.mappings("/bin/cgo"))).toEqual({ found: [[0x400000 + FIRST, "magic", "shape"]], findings: [] });
  image.word(FIRST + 26 * 8, 0x408100);
  expect(search(image.mappings("/bin/overlapping")).found).toEqual([]);
});

test("memory without Go has none", () => {
  const image = new Image(0x400000);
  expect(search(image.mappings("/bin/true"))).toEqual({ found: [], findings: [] });
  expect(findModuleData(processOf([]), new Findings())).toBeUndefined();
});
