import { expect, test } from "vitest";
import { isCgo, liveMaps } from "../../src/runtime/mapped.js";
import type { GoRuntime } from "../../src/runtime/runtime.js";
import { MemoryBuilder, TypeBuilder } from "../support/memory-builder.js";

/** A program whose packages have the maps of these addresses and lengths. */
function program(tables: Readonly<Record<string, readonly (readonly [address: number, bytes: number])[]>>, iscgo?: number): GoRuntime {
  const memory = new MemoryBuilder();
  const types = new TypeBuilder();
  const map = types.add("map[*uint8][]uint8", "map", 8);
  const mapper = types.add("syscall.mmapper", "struct", 24, { fields: [["active", 8, map]] });
  const pointer = types.add("*syscall.mmapper", "pointer", 8, { element: mapper });
  const entries = new Map<number, number[]>();
  const variables = new Map<string, object>();
  for (const [by, maps] of Object.entries(tables)) {
    const [variable, record, header] = [memory.allocate(8), memory.allocate(24), memory.allocate(48)];
    memory.word(variable, record).word(record + 8, header);
    entries.set(
      header,
      maps.map(([address, bytes]) => {
        const value = memory.allocate(24);
        memory.words(value, address, bytes, bytes);
        return value;
      }),
    );
    variables.set(`${by}.mapper`, { name: `${by}.mapper`, address: variable, size: 8, type: pointer });
  }
  if (iscgo !== undefined) {
    const address = memory.allocate(1);
    memory.uint(address, 1, iscgo);
    variables.set("runtime.iscgo", { name: "runtime.iscgo", address, size: 1, type: map });
  }
  const design = {
    block: () => ({}),
    entries: (_env: unknown, _block: unknown, header: number) => (entries.get(header) ?? []).map((value) => ({ key: value, value })),
    count: (_env: unknown, header: number) => entries.get(header)?.length,
  };
  const global = (name: string) => variables.get(name);
  return { types, maps: { design }, process: { memory: memory.memory() }, variables: { global } } as unknown as GoRuntime;
}

test("live mmaps of both packages are listed by address", () => {
  const found = liveMaps(program({ syscall: [[0x7f0000200000, 4096]], "golang.org/x/sys/unix": [[0x7f0000100000, 8192]] }));
  expect(found.map(({ by, address, bytes }) => [by, address, bytes])).toEqual([
    ["golang.org/x/sys/unix", 0x7f0000100000, 8192],
    ["syscall", 0x7f0000200000, 4096],
  ]);
});

test("a program without such a package has mapped nothing", () => {
  expect(liveMaps(program({}))).toEqual([]);
});

test("whether C is linked is what the runtime says", () => {
  expect([isCgo(program({}, 1)), isCgo(program({}, 0)), isCgo(program({}))]).toEqual([true, false, undefined]);
});
