// Reads a release's row of the layout tables out of an executable of it that has debug information and symbols.
import { ARCHES } from "../../dist/src/base/arch.js";
import { Findings } from "../../dist/src/base/findings.js";
import { Dies } from "../../dist/src/dwarf/dies.js";
import { readDebugInfo } from "../../dist/src/dwarf/dwarf.js";
import { nameBytes } from "../../dist/src/dwarf/names.js";
import { scanUnits } from "../../dist/src/dwarf/scan.js";
import { openElf } from "../../dist/src/elf/elf.js";
import { openFile } from "../../dist/src/files/file-source.js";
import { referencesOf } from "../../dist/src/runtime/code/machines.js";
import { underlying } from "../../dist/src/runtime/layout/from-dwarf.js";
import { RUNTIME_SCHEMA } from "../../dist/src/runtime/layout/schema.js";
import { CONSTANTS, CONTENTS, FUNCTIONS, TARGETS, TYPES, VARIABLES } from "./wanted.mjs";

/** An executable opened once: what it says of itself. */
export function openExecutable(path) {
  const { source, close } = openFile(path);
  const image = openElf(source);
  const symbols = new Map(image.symbols().map((symbol) => [symbol.name, symbol]));
  const bytesAt = (address, size) => {
    const segment = image.segments.find((each) => each.type === 1 && address >= each.address && address < each.address + each.fileSize);
    if (!segment) throw new Error(`${path}: nothing at 0x${address.toString(16)}`);
    return Buffer.from(source.read(segment.offset + address - segment.address, size));
  };
  const word = (address) => Number(bytesAt(address, 8).readBigUInt64LE());
  const text = (address) => (word(address + 8) === 0 ? "" : bytesAt(word(address), word(address + 8)).toString());
  // The text itself: in a PIE the variable gets its address only as the program starts.
  const version = symbols.get("runtime.buildVersion.str");
  const release = bytesAt(version.address, version.size).toString().replaceAll("\0", "");
  return { path, image, symbols, bytesAt, text, release, arch: ARCHES[image.header.machine], close };
}

/** The row of the tables, without its recipes. @returns {import("../../dist/src/runtime/binary/table-format.js").TableRow} */
export function readRow(executable) {
  const { image, path } = executable;
  const findings = new Findings();
  const debug = readDebugInfo(image, path, findings);
  if (!debug) throw new Error(`${path} has no debug information`);
  const globals = new Map();
  for (const name of VARIABLES) {
    const type = debug.global(name)?.type.name;
    if (type !== undefined) globals.set(name, type);
  }
  const row = {
    release: executable.release,
    arch: executable.arch.name,
    types: readTypes(debug, [...globals.values()]),
    globals,
    constants: readConstants(image, path, findings, debug),
    contents: readContents(executable, debug),
  };
  if (findings.list().length > 0)
    throw new Error(
      `${path}: ${findings
        .list()
        .map((each) => each.message)
        .join("; ")}`,
    );
  return row;
}

/** Wanted types, all that lie inside them, and those of the runtime that they point to; by name. */
function readTypes(debug, roots) {
  const found = new Map();
  const pending = [...roots];
  for (const { names } of Object.values(RUNTIME_SCHEMA)) pending.push(...names);
  for (const name of debug.typeNames()) if (TYPES.test(name)) pending.push(name);
  for (const name of pending) {
    if (found.has(name)) continue;
    const type = debug.type(name);
    if (!type) continue;
    const record = recordOf(type);
    found.set(name, record);
    if (record.kind === "array") pending.push(record.element);
    if (record.kind === "typedef") pending.push(record.target);
    if (record.kind === "struct") for (const [, , inner] of record.fields) pending.push(inner);
    if (record.kind === "pointer" && TARGETS.test(record.target ?? "")) pending.push(record.target);
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function recordOf(type) {
  const common = { kind: type.kind, name: type.name, size: type.size, goKind: type.goKind };
  switch (type.kind) {
    case "base":
      return { ...common, encoding: type.encoding };
    case "pointer":
      return { ...common, target: type.target?.name };
    case "array":
      return { ...common, element: type.element.name, count: type.count };
    case "typedef":
      return { ...common, target: type.target.name, key: type.key?.name, element: type.element?.name };
    case "struct": {
      const fields = type.fields.map((field) => [field.name, field.offset, field.type.name, field.embedded]);
      return { ...common, element: type.element?.name, fields };
    }
    default:
      return common;
  }
}

function readConstants(image, path, findings, debug) {
  const dies = new Dies(image, image.section(".debug_info"), path);
  const { constantOffset } = scanUnits(dies, findings);
  const found = new Map();
  for (let i = 0; i < constantOffset.length; i++) {
    const name = Buffer.from(nameBytes(dies, constantOffset.at(i)) ?? []).toString();
    const value = CONSTANTS.test(name) ? debug.constant(name) : undefined;
    if (Number.isSafeInteger(value)) found.set(name, value);
  }
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function readContents({ bytesAt, text }, debug) {
  const found = new Map();
  for (const [name, kind] of Object.entries(CONTENTS)) {
    const variable = debug.global(name);
    const type = variable && underlying(variable.type);
    if (type?.kind !== "array") continue;
    const { size } = type.element;
    const at = (i) => variable.address + i * size;
    const read = kind === "string" ? (i) => text(at(i)) : (i) => bytesAt(at(i), size).readUIntLE(0, size);
    found.set(
      name,
      Array.from({ length: type.count }, (_, i) => read(i)),
    );
  }
  return found;
}

/**
 * Functions of the runtime by name, out of .gopclntab; names that stand there twice are left out. runtime/symtab.go moduledata, pcHeader
 * @returns {Map<string, { entry: number, size: number, code: Buffer }>}
 */
export function readFunctions({ image, symbols, bytesAt }) {
  // In a PIE ".data.rel.ro.gopclntab", until Go 1.25.
  const section = image.sections.find(({ name }) => name.endsWith(".gopclntab"));
  const table = Buffer.from(image.section(section.name));
  const word = (index) => Number(table.readBigUInt64LE(8 + index * 8));
  const [count, names, lines] = [word(0), word(3), word(7)];
  const text = symbols.get("runtime.text").address;
  const found = new Map();
  const twice = new Set();
  for (let i = 0; i < count; i++) {
    const entry = table.readUInt32LE(lines + i * 8);
    const size = table.readUInt32LE(lines + (i + 1) * 8) - entry;
    const nameAt = names + table.readInt32LE(lines + table.readUInt32LE(lines + i * 8 + 4) + 4);
    const name = table.toString("utf8", nameAt, table.indexOf(0, nameAt));
    if (!FUNCTIONS.test(name)) continue;
    if (found.has(name)) twice.add(name);
    found.set(name, { entry: text + entry, size, code: bytesAt(text + entry, size) });
  }
  for (const name of twice) found.delete(name);
  return found;
}

/** Every reference of the runtime's code to a wanted variable. @returns {import("../../dist/src/runtime/binary/table-format.js").Recipe[]} */
export function findRecipes(executable) {
  const { symbols, arch } = executable;
  const variables = VARIABLES.flatMap((name) => symbols.get(name) ?? []);
  const found = [];
  for (const [name, { entry, size, code }] of readFunctions(executable)) {
    for (const { at, next, check, address } of referencesOf(arch).find(code, entry)) {
      const variable = variables.find((each) => address >= each.address && address < each.address + Math.max(each.size, 1));
      if (variable) found.push({ variable: variable.name, function: name, size, at, next, addend: address - variable.address, check });
    }
  }
  return found;
}

/** Where a recipe leads to in an executable; undefined when the function is missing or another. */
export function applyRecipe({ arch }, functions, recipe) {
  const fn = functions.get(recipe.function);
  if (!fn || fn.size !== recipe.size) return undefined;
  const address = referencesOf(arch).follow(fn.code, fn.entry, recipe);
  return address === undefined ? undefined : address - recipe.addend;
}
