// A committed core and its executable as plain files that are damaged in place, and where in them the runtime's records are.
import { closeSync, ftruncateSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { decompress } from "fzstd";
import { openDump } from "../../dist/src/dump.js";
import { RUNTIME_SCHEMA } from "../../dist/src/runtime/layout/schema.js";
import { RUNTIME_GLOBALS } from "../../dist/src/runtime/layout/schema-globals.js";

const CORES = fileURLToPath(new URL("../../dumps/cores/", import.meta.url));
/** Records of one kind that are damaged. */
const MOST_RECORDS = 64;
/** The types of variables that are records themselves. */
const GLOBAL_RECORDS = {
  "runtime.mheap_": "mheap",
  "runtime.memstats": "mstats",
  "runtime.gcController": "gcControllerState",
  "runtime.firstmoduledata": "moduledata",
  "runtime.trace": "tracerState",
  "runtime.gcCleanups": "cleanupQueue",
};

/** @param name of a folder of dumps/cores, with "-stripped" behind it for an executable without symbols and debug information */
export async function openFixture(name) {
  const isStripped = name.endsWith("-stripped");
  const from = join(CORES, name.replace("-stripped", ""));
  const folder = mkdtempSync(join(tmpdir(), "fuzz-"));
  const core = Buffer.from(decompress(readFileSync(join(from, "core.zst"))));
  const exe = Buffer.from(decompress(readFileSync(join(from, "exe.zst"))));
  const names = sectionsOf(exe);
  const areas = names.filter((each) =>
    /^\.(gopclntab|go\.module|typelink|itablink|rodata|data|noptrdata|go\.buildinfo|shstrtab)/.test(each.name),
  );
  if (isStripped)
    for (const each of names) if (/^\.z?debug_|^\.(symtab|strtab)$/.test(each.name)) exe.fill(0, each.header, each.header + 64);
  const table = Number(exe.readBigUInt64LE(40));
  areas.push({ start: 0, end: 64 + exe.readUInt16LE(56) * 56 }, { start: table, end: table + exe.readUInt16LE(60) * 64 });
  if (!isStripped) areas.push(...names.filter((each) => /^\.z?debug_/.test(each.name)));
  const paths = { core: join(folder, "core"), exe: join(folder, "exe") };
  const whole = { core, exe };
  for (const file of ["core", "exe"]) writeFileSync(paths[file], whole[file]);
  const files = { core: openSync(paths.core, "r+"), exe: openSync(paths.exe, "r+") };
  const { fields, traceAreas } = await recordsOf(paths);
  return {
    ...{ name, core, exe, paths, fields, traceAreas },
    areas: areas.filter(({ start, end }) => end > start && end <= exe.length),
    apply: (edits) => change(files, edits),
    restore: (edits) => {
      for (const { file, at, bytes, cut } of edits) {
        if (cut !== undefined) writeFileSync(paths[file], whole[file]);
        else change(files, [{ file, at, bytes: whole[file].subarray(at, at + bytes.length) }]);
      }
    },
    close: () => {
      for (const file of Object.values(files)) closeSync(file);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** @param files  descriptors by "core" and "exe" */
function change(files, edits) {
  for (const { file, at, bytes, cut } of edits) {
    if (cut !== undefined) ftruncateSync(files[file], cut);
    else writeSync(files[file], Uint8Array.from(bytes), 0, bytes.length, at);
  }
}

function sectionsOf(exe) {
  const table = Number(exe.readBigUInt64LE(40));
  const headers = Array.from({ length: exe.readUInt16LE(60) }, (_, i) => table + i * 64);
  const strings = Number(exe.readBigUInt64LE(headers[exe.readUInt16LE(62)] + 24));
  return headers.map((header) => {
    const at = strings + exe.readUInt32LE(header);
    const start = Number(exe.readBigUInt64LE(header + 24));
    const size = exe.readUInt32LE(header + 4) === 8 ? 0 : Number(exe.readBigUInt64LE(header + 32));
    return { name: exe.toString("latin1", at, exe.indexOf(0, at)), header, start, end: start + size };
  });
}

/** Fields of the runtime's records by the name of the struct: { at, width, address }, at in the core. */
async function recordsOf(paths) {
  const dump = await openDump({ core: paths.core, executable: paths.exe });
  const { layout } = dump.runtime;
  const { memory } = dump.process;
  const offsetOf = (address) => {
    const mapping = memory.find(address);
    return typeof mapping?.backing === "object" ? mapping.backing.offset + address - mapping.start : -1;
  };
  const fields = new Map();
  const add = (struct, address) => {
    if (!(address > 0) || !layout.hasStruct(struct)) return;
    const found = layout.struct(struct);
    const rows = fields.get(struct) ?? [];
    for (const name of Object.keys(RUNTIME_SCHEMA[struct].fields)) {
      if (!found.has(name)) continue;
      const at = offsetOf(address + found.offset(name));
      // Of a larger field its first words: of a slice pointer and length.
      for (let part = 0; part < Math.min(found.width(name), 24); part += 8)
        if (at >= 0) rows.push({ name, at: at + part, width: Math.min(8, found.width(name)), address });
    }
    if (rows.length > 0) fields.set(struct, rows);
  };
  const each = (list, size, visit) => {
    for (let i = 0; i < Math.min(size, MOST_RECORDS); i++) visit(memory.tryAddress(list + i * 8) ?? 0);
  };
  const slice = (address, visit) => each(memory.tryAddress(address) ?? 0, memory.tryAddress(address + 8) ?? 0, visit);
  const globals = [];
  for (const name of RUNTIME_GLOBALS) {
    const address = layout.global(name);
    if (address === undefined) continue;
    if (GLOBAL_RECORDS[name] && RUNTIME_SCHEMA[GLOBAL_RECORDS[name]]) add(GLOBAL_RECORDS[name], address);
    for (const part of [0, 8]) if (offsetOf(address + part) >= 0) globals.push({ at: offsetOf(address + part), width: 8, address });
  }
  if (globals.length > 0) fields.set("globals", globals);
  const at = (name) => layout.global(name) ?? 0;
  const link = (struct, address, next) => {
    for (let i = 0, record = address; i < MOST_RECORDS && record > 0; i++) {
      add(struct, record);
      record = memory.tryAddress(record + layout.struct(struct).offset(next)) ?? 0;
    }
  };
  link("m", memory.tryAddress(at("runtime.allm")) ?? 0, "alllink");
  link("finblock", memory.tryAddress(at("runtime.allfin")) ?? 0, "alllink");
  slice(at("runtime.allp"), (p) => add("p", p));
  slice(at("runtime.allgs"), (g) => {
    add("g", g);
    for (const [struct, field] of [
      ["defer", "_defer"],
      ["panic", "_panic"],
      ["sudog", "waiting"],
    ])
      if (RUNTIME_SCHEMA[struct]) add(struct, memory.tryAddress(g + layout.struct("g").offset(field)) ?? 0);
  });
  const heap = layout.struct("mheap");
  slice(at("runtime.mheap_") + heap.offset("allspans"), (span) => {
    add("mspan", span);
    const special = memory.tryAddress(span + layout.struct("mspan").offset("specials")) ?? 0;
    if (special > 0) link("special", special, "next");
  });
  const l1 = memory.tryAddress(at("runtime.mheap_") + heap.offset("arenas")) ?? 0;
  const arena = Math.floor((0xc000000000 + (memory.find(at("runtime.mheap_")) && dump.identity.arch === "amd64" ? 2 ** 47 : 0)) / 2 ** 26);
  if (offsetOf(l1 + arena * 8) >= 0) {
    fields.set("arenas", [{ at: offsetOf(l1 + arena * 8), width: 8, address: l1 }]);
    add("heapArena", memory.tryAddress(l1 + arena * 8) ?? 0);
  }
  dump.close();
  // Text of the trace is where its generations begin; the records of the tracer lead to it.
  const text = Buffer.from(readFileSync(paths.core));
  const start = text.indexOf("go 1.2");
  return { fields, traceAreas: start > 0 ? [{ start, end: Math.min(text.length, start + 65_536) }] : [] };
}
