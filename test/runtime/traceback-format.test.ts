import { expect, test } from "vitest";
import type { GoRuntime } from "../../src/runtime/runtime.js";
import { tracebackFormat } from "../../src/runtime/traceback-format.js";
import { layoutOf, MemoryBuilder, TypeBuilder } from "../support/memory-builder.js";

function formatOf({ field, fn, labels }: { readonly field?: string; readonly fn?: string; readonly labels?: number }) {
  const builder = new MemoryBuilder();
  const types = new TypeBuilder();
  const number = types.add("int32", "int", 4);
  const settings = types.add("struct {...}", "struct", 8, {
    fields: [
      ["cgocheck", 0, number],
      ["tracebacklabels", 4, number],
    ],
  });
  const address = builder.allocate(8);
  builder.uint(address + 4, 4, labels ?? 0);
  return tracebackFormat({
    layout: { ...layoutOf({ g: [8, field ? { [field]: [0, 8] } : {}] }), constant: () => 23 },
    memory: builder.memory(),
    types,
    functions: { byName: (name: string) => (name === fn ? {} : undefined) },
    variables: { global: () => (labels === undefined ? undefined : { address, type: settings, size: 8 }) },
  } as unknown as GoRuntime);
}

test("how a release writes tracebacks is told by what it has", () => {
  expect(formatOf({})).toEqual({ hasAddresses: false, indentsText: false, hasLabels: false, wrapperId: 23 });
  expect(formatOf({ field: "coroarg", fn: "runtime.printindented", labels: 1 })).toEqual({
    hasAddresses: true,
    indentsText: true,
    hasLabels: true,
    wrapperId: 23,
  });
  expect(formatOf({ labels: 0 }).hasLabels).toBe(false);
});
