import { expect, test } from "vitest";
import { type Module, oddMasks, pointerAreas } from "../../src/runtime/modules.js";
import { fixtures, openFixture } from "../support/dump-cache.js";

/** A module whose masks are not in the core: they lie above the heap, where a core that was cut off has nothing. */
function cutOff(module: Module): Module {
  const { gcdatamask, gcbssmask } = module;
  return { ...module, gcdatamask: { ...gcdatamask, bytes: 8 }, gcbssmask: { ...gcbssmask, bytes: 8 } };
}

test.each(fixtures())("$name: the masks of data and bss come out of the executable as the runtime made them", async ({ name }) => {
  const { process, runtime } = await openFixture(name);
  for (const module of runtime.modules) {
    const areas = pointerAreas(process.memory, module);
    expect(areas.length).toBe(2);
    for (const { words, bits } of areas) expect((bits as Uint8Array).length).toBe(Math.ceil(words / 8));
    expect(pointerAreas(process.memory, cutOff(module))).toEqual(areas);
  }
});

test("without the executable there are none", async () => {
  const { process, runtime } = await openFixture("zoo-1.26-amd64");
  const [module] = runtime.modules;
  const areas = pointerAreas(process.memory, { ...cutOff(module), gcdata: 8, gcbss: 8 });
  expect(areas.map(({ start, bits }) => [start, bits])).toEqual([
    [module.data, undefined],
    [module.bss, undefined],
  ]);
});

test.each(fixtures())("$name: masks are as long as what they are of; of others it is told where they end", async ({ name }) => {
  const { runtime } = await openFixture(name);
  for (const module of runtime.modules) {
    const { gcdatamask, gcbssmask, edata, ebss } = module;
    expect(oddMasks(module)).toEqual([]);
    expect(oddMasks({ ...module, gcbssmask: { ...gcbssmask, n: gcbssmask.n - 1 } })).toEqual([ebss]);
    expect(oddMasks({ ...module, gcdatamask: { ...gcdatamask, n: gcdatamask.n * 2 } })).toEqual([edata]);
  }
});
