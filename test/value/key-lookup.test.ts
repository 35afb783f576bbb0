import fc from "fast-check";
import { expect, test } from "vitest";
import type { Address, TypeId } from "../../src/base/units.js";
import { mapsOf } from "../../src/runtime/maps/maps.js";
import { findKey } from "../../src/value/key-lookup.js";
import { keyText } from "../../src/value/keys.js";
import { BUCKET_STRUCTS, layoutOf, MemoryBuilder, TypeBuilder } from "../support/memory-builder.js";

const UNMAPPED = 0xdead000;
const TEXTS = ["", "a", "b", "?", "nil", 'a"b\\', "…+1@0x1", "\xff", "ä", "x".repeat(1100), "7", ", B: "];
const FLOATS = [0, -0, 0.1, 7, 1e21, Number.NaN, Number.POSITIVE_INFINITY, -2.5e-9];

/** Keys of every kind in memory, their contents taken from a list of numbers. */
class KeyMaker {
  readonly builder = new MemoryBuilder(0xc000000000, 1 << 21);
  readonly types = new TypeBuilder();
  readonly keyTypes: readonly TypeId[];
  private readonly itabs = new Map<TypeId, Address>();
  private readonly choices: readonly number[];
  private next = 0;

  constructor(choices: readonly number[]) {
    this.choices = choices;
    const { types } = this;
    const basic = (name: string, kind: "int" | "uint" | "bool" | "float" | "complex" | "string", size: number) =>
      types.add(name, kind, size, { rtype: 0x1000 * (types.count + 1) });
    const [int, , , string] = [
      basic("int", "int", 8),
      basic("int32", "int", 4),
      basic("uint8", "uint", 1),
      basic("string", "string", 16),
      basic("bool", "bool", 1),
      basic("float64", "float", 8),
      basic("float32", "float", 4),
      basic("complex128", "complex", 16),
      basic("main.Name", "string", 16),
    ];
    types.add("*main.T", "pointer", 8, { element: int, rtype: 0xa0000 });
    const key = types.add("main.Key", "struct", 24, {
      rtype: 0xb0000,
      fields: [
        ["A", 0, 1],
        ["B", 8, string],
      ],
    });
    const any = types.add("interface {}", "interface", 16);
    types.add("fmt.Stringer", "interface", 16, { hasMethods: true });
    types.add("main.Pair", "struct", 32, {
      rtype: 0xc0000,
      fields: [
        ["X", 0, any],
        ["B", 16, string],
      ],
    });
    types.add("[2]string", "array", 32, { element: string, count: 2, rtype: 0xd0000 });
    types.add("[2]main.Key", "array", 48, { element: key, count: 2, rtype: 0xe0000 });
    types.add("[5000]uint8", "array", 5000, { element: 2, count: 5000, rtype: 0xf0000 });
    this.keyTypes = Array.from({ length: types.count }, (_, id) => id);
  }

  private choose(count: number): number {
    return this.choices[this.next++ % this.choices.length] % count;
  }

  make(type: TypeId): Address {
    const at = this.builder.allocate(this.types.get(type).size);
    this.fill(type, at, 0);
    return at;
  }

  private fill(id: TypeId, at: Address, depth: number): void {
    const { builder, types } = this;
    const type = types.get(id);
    switch (type.kind) {
      case "string":
        if (this.choose(20) === 0) builder.words(at, UNMAPPED, 1);
        else builder.string(at, TEXTS[this.choose(TEXTS.length)]);
        break;
      case "struct":
        for (const field of type.fields) this.fill(field.type, at + field.offset, depth + 1);
        break;
      case "array":
        for (let i = 0; i < Math.min(2, type.count); i++) this.fill(type.element, at + i * types.get(type.element).size, depth + 1);
        break;
      case "interface":
        this.box(type.hasMethods, at, depth);
        break;
      case "float":
        builder.float(at, type.size as 4 | 8, FLOATS[this.choose(FLOATS.length)]);
        break;
      case "complex":
        builder.float(at, 8, this.choose(2)).float(at + 8, 8, FLOATS[this.choose(FLOATS.length)]);
        break;
      case "bool":
        builder.uint(at, 1, this.choose(3));
        break;
      case "pointer":
        builder.word(at, [0, UNMAPPED, at][this.choose(3)]);
        break;
      default:
        builder.uint(at, Math.min(type.size, 4) as 1 | 4, [7, 0, 2 ** 32 - 1][this.choose(3)]);
    }
  }

  private box(hasMethods: boolean, at: Address, depth: number): void {
    const { builder, types } = this;
    const boxable = this.keyTypes.filter((id) => types.get(id).rtype !== 0 && (depth < 12 || types.get(id).kind === "int"));
    const choice = this.choose(boxable.length + 2);
    if (choice === boxable.length) return;
    if (choice > boxable.length) {
      builder.words(at, UNMAPPED, at);
      return;
    }
    const id = boxable[choice];
    builder.word(at, hasMethods ? this.itabOf(id) : types.get(id).rtype);
    if (types.get(id).kind === "pointer") this.fill(id, at + 8, depth + 1);
    else if (this.choose(20) === 0) builder.word(at + 8, UNMAPPED);
    else {
      const value = builder.allocate(types.get(id).size);
      this.fill(id, value, depth + 1);
      builder.word(at + 8, value);
    }
  }

  private itabOf(id: TypeId): Address {
    const known = this.itabs.get(id) ?? this.builder.allocate(32);
    this.itabs.set(id, known);
    this.types.itabs.set(known, this.types.get(id).rtype);
    return known;
  }

  env() {
    return { memory: this.builder.memory(), types: this.types, maps: mapsOf(layoutOf(BUCKET_STRUCTS)) };
  }
}

test("a key found by its text is the first that is written so, of every type and in damaged memory", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(1000), { minLength: 1, maxLength: 40 }), fc.nat(100), fc.nat(40), (choices, wantedType, cut) => {
      const maker = new KeyMaker(choices);
      const type = maker.keyTypes[wantedType % maker.keyTypes.length];
      const entries = Array.from({ length: 8 }, () => ({ key: maker.make(type), value: 1 }));
      entries.push({ key: UNMAPPED, value: 2 });
      const env = maker.env();
      const written = entries.map(({ key }) => keyText(env, type, key));
      for (const text of written) {
        for (const wanted of [text, text.slice(0, cut), text.slice(cut), text.replace("7", "8"), `${text})`]) {
          if (/^-?0./.test(wanted)) continue; // an integer that nothing prints, but persons write
          const first = written.indexOf(wanted);
          expect([wanted, findKey(env, type, entries, wanted)]).toEqual([wanted, entries[first]]);
        }
      }
    }),
    { numRuns: 100 },
  );
});

test("numbers and strings are found however a person writes them", () => {
  const maker = new KeyMaker([0]);
  const { builder, types } = maker;
  const long = builder.allocate(16);
  const sixteen = builder.allocate(8);
  builder.string(long, "x".repeat(1100)).word(sixteen, 16);
  const find = (type: string, key: Address, text: string) => findKey(maker.env(), types.byName(type), [{ key, value: 0 }], text)?.key;
  expect(find("string", long, `"${"x".repeat(1100)}"`)).toBe(long);
  expect(find("string", long, `"${"\\x78".repeat(1100)}"`)).toBe(long);
  expect(find("int", sixteen, "0x10")).toBe(sixteen);
  expect(find("int", sixteen, "16x")).toBeUndefined();
});

test("most boxed keys are refused without being written out", () => {
  const maker = new KeyMaker([0]);
  const { builder, types } = maker;
  const int = types.byName("int");
  const keys = Array.from({ length: 20_000 }, (_, i) => {
    const [at, value] = [builder.allocate(16), builder.allocate(8)];
    builder.word(value, i).words(at, types.get(int).rtype, value);
    return { key: at, value: i };
  });
  let asked = 0;
  const env = maker.env();
  const get = types.get.bind(types);
  const counted = Object.assign(Object.create(types), {
    get: (id: TypeId) => {
      asked++;
      return get(id);
    },
  });
  expect(findKey({ ...env, types: counted }, types.byName("interface {}"), keys, "19999")?.value).toBe(19_999);
  expect(asked).toBeLessThan(50);
});
