/**
 * Variables by code alone, against what debug information says of the same program: in programs with it the code is read as if there
 * were none.
 */
import { describe, expect, test } from "vitest";
import { NONE, type TypeId } from "../../src/base/units.js";
import { openDump } from "../../src/dump.js";
import { type CodeGlobal, readCodeGlobals } from "../../src/runtime/code-globals.js";
import type { GoRuntime } from "../../src/runtime/runtime.js";
import { fixtures } from "../support/dump-cache.js";

const full = process.env.CORESCOPE_TIER === "full";
const CI = new Set(["zoo-1.21-amd64", "zoo-1.26-arm64"]);

/** One of each kind of evidence and of each way to allocate. */
const EXPECTED = [
  "receiver fmt.ppFree sync.Pool",
  "result os.Stdout *os.File",
  "operand time.localLoc time.Location",
  "operand main.mapsZoo map[int]*main.OnlyGrowing",
  "allocation main.chansZoo chan *main.OnlyChan",
  "allocation main.finalizersZoo *main.finalizerOwner",
  "allocation main.containersZoo []*main.OnlyBigSlice",
  "allocation main.closuresZoo func",
];

function read({ memory, process, modules, functions, types, spans }: GoRuntime) {
  const [module] = modules;
  if (!module) throw new Error("no module");
  return readCodeGlobals({ memory, arch: process.arch, module, functions, types, spans, known: { globalAt: () => undefined } });
}

/** Names of types but for what the compiler adds to tell equal ones apart. */
const plain = (name: string) => name.replaceAll(/·\d+/g, "").replaceAll("noalg.", "");

/** Whether debug information has a value of the type there: the variable itself, or a part of it. Types of one underlying type, which is no struct, are one. */
function agrees(runtime: GoRuntime, found: CodeGlobal): boolean {
  const { types } = runtime;
  const variable = runtime.variables.globalAt(found.address);
  if (!variable) return true; // static data without a name
  const wanted = types.get(found.type);
  let rest = found.address - variable.address;
  for (let at: TypeId = variable.type; at !== NONE; ) {
    const type = types.get(at);
    if (rest === 0 && plain(type.role.readable) === plain(wanted.role.readable)) return true;
    // What a closure is called with its allocation does not say.
    if (rest === 0 && type.kind === "func" && wanted.kind === "func") return true;
    const isSame = type.kind === wanted.kind && type.element === wanted.element && type.key === wanted.key;
    if (rest === 0 && isSame && (type.element !== NONE || type.kind === "string")) return type.kind !== "array";
    if (type.kind === "array") {
      rest %= types.get(type.element).size;
      at = type.element;
    } else {
      const field = type.fields.findLast((each) => each.offset <= rest && rest < each.offset + types.get(each.type).size);
      rest -= field?.offset ?? 0;
      at = field?.type ?? NONE;
    }
  }
  return false;
}

describe.each(fixtures().filter(({ name }) => name.startsWith("zoo") && (full || CI.has(name))))("$name", ({ core, executable }) => {
  test("what the code says of a variable is what debug information says", async () => {
    const dump = await openDump({ core, executable });
    try {
      const { runtime } = dump;
      const found = read(runtime);
      const wrong = found.variables.filter((each) => !agrees(runtime, each));
      expect(wrong.map((each) => `${each.by} ${each.name} ${runtime.types.get(each.type).name}`)).toEqual([]);
      const names = found.variables.flatMap((each) => runtime.variables.globalAt(each.address)?.name ?? []);
      expect(names.length).toBeGreaterThanOrEqual(80);
      const told = found.variables.map(({ by, address, type }) => [
        by,
        runtime.variables.globalAt(address)?.name,
        runtime.types.get(type).name,
      ]);
      expect(told.map((each) => each.join(" "))).toEqual(expect.arrayContaining(EXPECTED));
      expect(found.contradicted).toBe(0);
    } finally {
      dump.close();
    }
  });
});
