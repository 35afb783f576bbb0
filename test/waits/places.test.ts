import { expect, test } from "vitest";
import type { GoRuntime } from "../../src/runtime/runtime.js";
import type { WaitKind } from "../../src/waits/groups.js";
import { globalNames, type NameSource } from "../../src/waits/places.js";
import { TypeBuilder } from "../support/memory-builder.js";
import { RecordBuilder } from "../support/record-builder.js";

/** Variables by name, each of 8 bytes unless told, over one memory. */
function source(
  make: RecordBuilder,
  types: TypeBuilder,
  list: readonly { name: string; address: number; size?: number; type: number }[],
): NameSource {
  const variables = list.map((each) => ({ size: 8, ...each }));
  return {
    types,
    memory: make.source().memory,
    variables: {
      globalNames: () => variables.map((each) => each.name),
      global: (name: string) => variables.find((each) => each.name === name),
    } as unknown as GoRuntime["variables"],
  };
}

const own = (name: string) => name.startsWith("main.");
const texts = (found: ReturnType<typeof globalNames>, addresses: readonly number[]) => addresses.map((each) => found.get(each)?.text);

test("a lock within a variable, behind a pointer in one, a channel in one; nothing for what no variable leads to", () => {
  const make = new RecordBuilder();
  const types = new TypeBuilder();
  const word = types.add("uint64", "uint", 8);
  const mutex = types.add("sync.Mutex", "struct", 8, { fields: [["state", 0, word]] });
  const config = types.add("main.config", "struct", 16, {
    fields: [
      ["size", 0, word],
      ["mu", 8, mutex],
    ],
  });
  const pointer = types.add("*main.config", "pointer", 8, { element: config });
  const channel = types.add("chan int", "chan", 8);
  const at = make.global("main.first", 0, 0);
  const inHeap = make.make("syncMutex");
  const other = make.make("syncMutex");
  const header = make.make("hchan");
  const from = source(make, types, [
    { name: "library.same", address: make.global("library.same", header), type: channel },
    { name: "main.first", address: at, size: 16, type: config },
    { name: "main.other", address: make.global("main.other", inHeap), type: pointer },
    { name: "main.nearby", address: make.global("main.nearby", other - 8), type: pointer },
    { name: "main.requests", address: make.global("main.requests", header), type: channel },
  ]);
  const kinds = new Map<number, WaitKind>([
    [at + 8, "mutex"],
    [inHeap, "mutex"],
    [other, "mutex"],
    [header, "channel"],
    [0x700000, "mutex"],
  ]);
  const found = globalNames(from, kinds, own);
  // The program's variable comes before the library's that has the same channel.
  expect(texts(found, [...kinds.keys()])).toEqual(["main.first.mu", "*main.other", "main.nearby.mu", "main.requests", undefined]);
});

test("through pointers of structs and elements of slices, as people write it; a list that leads back to itself ends", () => {
  const make = new RecordBuilder();
  const types = new TypeBuilder();
  const word = types.add("uint64", "uint", 8);
  const mutex = types.add("sync.Mutex", "struct", 8, { fields: [["state", 0, word]] });
  const node: number = types.add("main.node", "struct", 8, { fields: [["next", 0, word]] });
  const slice = types.add("[]sync.Mutex", "slice", 24, { element: mutex });
  const store = types.add("main.store", "struct", 24, { fields: [["shards", 0, slice]] });
  const toStore = types.add("*main.store", "pointer", 8, { element: store });
  const app = types.add("main.app", "struct", 8, { fields: [["store", 0, toStore]] });
  const toApp = types.add("*main.app", "pointer", 8, { element: app });
  const locks = make.memory.allocate(24);
  const storeAt = make.memory.allocate(24);
  const appAt = make.memory.allocate(8);
  make.memory.words(locks, 0, 0, 0).words(storeAt, locks, 3, 3).words(appAt, storeAt);
  const from = source(make, types, [
    { name: "main.instance", address: make.global("main.instance", appAt), type: toApp },
    { name: "main.list", address: make.global("main.list", 0), type: node },
  ]);
  const kinds = new Map<number, WaitKind>([[locks + 16, "mutex"]]);
  expect(texts(globalNames(from, kinds, own), [locks + 16])).toEqual(["main.instance.store.shards[2]"]);
});
