/** Variables of goroutines by name, of a stopped program that a test makes without optimisation. */
import { expect, test } from "vitest";
import { NotFoundError } from "../../src/base/errors.js";
import { Findings } from "../../src/base/findings.js";
import { frameVariables } from "../../src/runtime/frame-variables.js";
import { localVariable, variableExpression } from "../../src/stacks/local-variables.js";
import { TypeBuilder } from "../support/memory-builder.js";
import { StoppedProgram } from "../support/stopped-program.js";

/** Goroutine 9 in work, which has called itself: each call has n in memory, and gone that is nowhere. */
function program() {
  const made = new StoppedProgram();
  const types = new TypeBuilder();
  const int = types.add("int", "int", 8);
  Object.assign(types, { fromDwarf: () => int });
  made.add("example.com/app/main.work", 0x90, 0x90, 0x90, 0x90);
  const goroutine = made.stop(9, [
    ["example.com/app/main.work", 2],
    ["example.com/app/main.work", 2],
  ]);
  const variable = (name: string, offset: number | undefined, more: object = {}) => ({
    name,
    kind: "local",
    inlineDepth: 0,
    inlined: false,
    declarationLine: 3,
    type: { kind: "base", encoding: "int", size: 8, name: "int" },
    listed: () => [],
    locate: ({ cfa }: { cfa: number }) => (offset === undefined ? { kind: "absent" } : { kind: "memory", address: cfa + offset }),
    ...more,
  });
  const variables = [
    variable("n", -16),
    variable("gone", undefined),
    variable("shadow", -24),
    variable("shadow", -32),
    variable("later", -40, { declarationLine: 99 }),
  ];
  const debug = { localsAt: () => variables, functionAt: () => ({ name: "example.com/app/main.work", variables, optimised: false }) };
  const runtime = made.runtime({ types, spans: { arenaRow: new Int32Array(2 ** 22), find: () => -1 } as never });
  Object.assign(runtime, { binary: { debug }, debug });
  Object.assign(runtime.process, { loadBias: 0 });
  Object.assign(runtime.functions, { spDelta: () => 32 });
  const [inner, outer] = goroutine.unwound().frames;
  return { snapshot: { runtime, findings: new Findings() }, goroutine, inner, outer };
}

test("a name means the variable of the innermost call, a number another call's; the package may be written short", () => {
  const { snapshot, inner, outer } = program();
  const of = (path: string) => localVariable(snapshot, path)?.place;
  const [first, second] = [inner, outer].map(({ fp }) => ({ kind: "memory", address: fp - 16 }));
  for (const name of ["example.com/app/main.work", "main.work", "work"]) {
    expect([of(`g9.${name}.n`), of(`g9.${name}#1.n`), of(`g9.${name}#2.n`)]).toEqual([first, first, second]);
  }
  // Of two of a name the one further in.
  expect(of("g9.work.shadow")).toEqual({ kind: "memory", address: inner.fp - 32 });
  expect([of("g9.work.other"), of("g9.work#3.n"), of("g8.work.n"), of("main.n"), of("g9.n")]).toEqual(new Array(5).fill(undefined));
});

test("a variable without a value is refused, and what has one is offered", () => {
  const { snapshot } = program();
  for (const name of ["gone", "later"]) {
    expect(() => localVariable(snapshot, `g9.work.${name}`)).toThrow(NotFoundError);
    try {
      localVariable(snapshot, `g9.work.${name}`);
    } catch (error) {
      expect((error as NotFoundError).near).toContain("g9.example.com/app/main.work.n");
      expect((error as NotFoundError).near).toContain("g9.example.com/app/main.work#2.n");
    }
  }
});

test("what a variable is called leads back to it; a hidden one has no name", () => {
  const { snapshot, goroutine, inner, outer } = program();
  let named = 0;
  for (const frame of [inner, outer]) {
    for (const variable of frameVariables(snapshot.runtime, goroutine, frame)) {
      const name = variableExpression(snapshot, goroutine, frame, variable);
      expect(name === undefined).toBe(variable.hidden);
      if (name === undefined || variable.place.kind === "absent") continue;
      expect(localVariable(snapshot, name)?.place).toEqual(variable.place);
      named++;
    }
  }
  expect(named).toBe(4);
});
