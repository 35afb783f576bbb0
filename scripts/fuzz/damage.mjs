// Kinds of damage. Each gives edits, [{ file: "core" | "exe", at, bytes }], or { file, cut }: a few bytes, so that each is a recipe.

const edit = (file, at, bytes) => ({ file, at, bytes: [...bytes] });
const word = (value) => Buffer.from(new BigUint64Array([BigInt.asUintN(64, BigInt(value))]).buffer);
/** A word's bytes, the lowest first, as far as a field is wide. */
const field = (file, { at, width }, value) => edit(file, at, word(value).subarray(0, width));

const HUGE = [
  1n << 32n,
  1n << 40n,
  1n << 47n,
  1n << 53n,
  (1n << 53n) + 1n,
  1n << 62n,
  (1n << 63n) - 1n,
  (1n << 64n) - 1n,
  0x8000_0000_0000_0000n,
];

/** What a field may be changed to: nothing, one, too much, itself, its neighbour, no address at all. */
function otherValue(random, old, own) {
  return random.pick([
    0n,
    1n,
    old + 1n,
    old - 1n,
    old ^ (1n << BigInt(random.below(64))),
    own,
    own + 8n,
    old + 8n,
    old + 0x1000n,
    old * 2n,
    ...HUGE,
  ]);
}

const headerFields = [
  [16, 2],
  [18, 2],
  [24, 8],
  [32, 8],
  [40, 8],
  [52, 2],
  [54, 2],
  [56, 2],
  [58, 2],
  [60, 2],
  [62, 2],
].map(([at, width]) => ({ at, width }));

function read(bytes, { at, width }) {
  let value = 0n;
  for (let i = width - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[at + i] ?? 0);
  return value;
}

/** ELF header, program headers; a segment cut short, moved, or laid over another; the file cut. */
function structural(random, { core, exe }) {
  const file = random.pick(["core", "core", "exe"]);
  const bytes = file === "core" ? core : exe;
  if (random.below(6) === 0) return [{ file, cut: random.below(bytes.length) }];
  const place =
    random.below(4) === 0
      ? random.pick(headerFields)
      : { at: 64 + random.below(bytes.readUInt16LE(56)) * 56 + random.pick([0, 4, 8, 16, 24, 32, 40, 48]), width: 8 };
  if (place.width === 8 && (place.at - 64) % 56 < 8) place.width = 4;
  const other = { at: 64 + random.below(bytes.readUInt16LE(56)) * 56 + ((place.at - 64) % 56), width: place.width };
  const old = read(bytes, place);
  const value = random.below(3) === 0 ? read(bytes, other) : otherValue(random, old, old);
  return [field(file, place, value)];
}

/** A note's sizes and kind, or a word of what it says. */
function notes(random, { core }) {
  const count = core.readUInt16LE(56);
  const segments = Array.from({ length: count }, (_, i) => 64 + i * 56).filter((at) => core.readUInt32LE(at) === 4);
  if (segments.length === 0) return [];
  const segment = random.pick(segments);
  const start = Number(core.readBigUInt64LE(segment + 8));
  const end = Math.min(core.length, start + Number(core.readBigUInt64LE(segment + 32)));
  const found = [];
  for (let at = start; at + 12 <= end; ) {
    const [name, size] = [core.readUInt32LE(at), core.readUInt32LE(at + 4)];
    found.push({ at, data: at + 12 + ((name + 3) & ~3), size });
    at += 12 + ((name + 3) & ~3) + ((size + 3) & ~3);
  }
  const note = random.pick(found);
  const inHeader = note.size < 8 || random.below(2) === 0;
  const place = inHeader
    ? { at: note.at + random.pick([0, 4, 8]), width: 4 }
    : { at: note.data + random.below(Math.floor(note.size / 8)) * 8, width: 8 };
  return [field("core", place, otherValue(random, read(core, place), 4n))];
}

/** Some bits anywhere in the core. */
function flips(random, { core }) {
  return Array.from({ length: 1 + random.below(16) }, () => {
    const at = random.below(core.length);
    return edit("core", at, [core[at] ^ (1 << random.below(8))]);
  });
}

/** A field of one of the runtime's records, found through the layout of the undamaged dump. */
function semantic(random, { core, fields }) {
  const { at, width, address } = random.pick(fields.get(random.pick([...fields.keys()])));
  const place = { at, width };
  return [field("core", place, otherValue(random, read(core, place), BigInt(address)))];
}

/** Function table, module data, types and section headers of the executable. */
function tables(random, { exe, areas }) {
  const { start, end } = random.pick(areas);
  // Mostly near the beginning, where headers are.
  const length = random.below(2) === 0 ? Math.min(end - start, 512) : end - start;
  const place = { at: start + Math.floor(random.below(length) / 4) * 4, width: random.pick([1, 4, 8]) };
  return [field("exe", place, otherValue(random, read(exe, place), BigInt(place.at)))];
}

/** Buffers and state of the tracer and the flight recorder. */
function trace(random, { core, fields, traceAreas }) {
  const names = [...fields.keys()].filter((name) => /^trac|^wakeableSleep|recorder/i.test(name));
  if (names.length > 0 && random.below(3) > 0) {
    const { at, width, address } = random.pick(fields.get(random.pick(names)));
    return [field("core", { at, width }, otherValue(random, read(core, { at, width }), BigInt(address)))];
  }
  if (traceAreas.length === 0) return [];
  const { start, end } = random.pick(traceAreas);
  return Array.from({ length: 1 + random.below(3) }, () => edit("core", start + random.below(end - start), [random.below(256)]));
}

/** Damage by its class. */
export const DAMAGE = { structural, notes, flips, semantic, tables, trace };
