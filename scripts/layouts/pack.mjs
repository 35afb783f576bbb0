// Packs rows of the layout tables: the counterpart of src/runtime/binary/table-format.ts.
import { deflateRawSync } from "node:zlib";
import { ENCODINGS, KINDS } from "../../dist/src/runtime/binary/table-format.js";

/** A list without repetitions; `add` tells where an item stands. */
class Pool {
  items = [];
  #known = new Map();

  add(item) {
    const key = JSON.stringify(item);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    this.#known.set(key, this.items.length);
    return this.items.push(item) - 1;
  }
}

/**
 * The source text of the tables. The same rows in the same order make the same text.
 * @param {readonly import("../../dist/src/runtime/binary/table-format.js").TableRow[]} rows
 */
export function packTables(rows) {
  const pools = {};
  for (const name of ["names", "types", "typeSets", "globals", "constants", "constantSets", "contents", "recipes", "recipeSets"])
    pools[name] = new Pool();
  const packed = rows.map((row) => packRow(row, pools));
  const lists = Object.fromEntries(Object.entries(pools).map(([name, pool]) => [name, pool.items]));
  return deflateRawSync(JSON.stringify({ ...lists, rows: packed }), { level: 9, memLevel: 9 }).toString("base64");
}

function packRow(row, pools) {
  const name = (text) => pools.names.add(text);
  const types = row.types.map((type) => pools.types.add(packType(type, name)));
  const constants = [...row.constants].map(([constant, value]) => pools.constants.add([name(constant), value]));
  const sets = new Map();
  for (const recipe of row.recipes) {
    const { variable, size, at, next, addend, check } = recipe;
    const set = sets.get(variable) ?? [];
    set.push(pools.recipes.add([name(variable), name(recipe.function), size, at, next, addend, check]));
    sets.set(variable, set);
  }
  return {
    release: row.release,
    arch: row.arch,
    types: pools.typeSets.add(types),
    globals: pools.globals.add([...row.globals].flatMap(([variable, type]) => [name(variable), name(type)])),
    constants: pools.constantSets.add(constants),
    contents: [...row.contents].map(([variable, values]) => pools.contents.add([name(variable), values])),
    recipes: [...sets.values()].map((set) => pools.recipeSets.add(set)),
  };
}

function packType(type, name) {
  const optional = (text) => (text === undefined ? 0 : name(text) + 1);
  const common = [KINDS.indexOf(type.kind), name(type.name), type.size, type.goKind];
  switch (type.kind) {
    case "base":
      return [...common, ENCODINGS.indexOf(type.encoding)];
    case "pointer":
      return [...common, optional(type.target)];
    case "array":
      return [...common, name(type.element), type.count];
    case "typedef":
      return [...common, name(type.target), optional(type.key), optional(type.element)];
    case "struct": {
      const fields = type.fields.map(([field, offset, inner, embedded]) => [name(field), offset, name(inner), embedded ? 1 : 0]);
      return [...common, optional(type.element), ...fields.flat()];
    }
    default:
      return common;
  }
}
