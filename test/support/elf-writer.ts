// Writes ELF files into memory: executables and cores, whole or odd.
import { deflateSync } from "node:zlib";

/** One segment to write. Its bytes are put at a page (PT_LOAD) or at the next word, unless offset says where they already are. */
export interface SegmentToWrite {
  readonly type: number;
  readonly flags?: number;
  readonly address?: number;
  readonly bytes?: Uint8Array;
  /** Default: the length of bytes. */
  readonly fileSize?: number;
  /** Default: the length of bytes. */
  readonly memorySize?: number;
  /** Writes no bytes: the segment covers what is there, for example the headers. */
  readonly offset?: number;
}

/** One section to write. */
interface SectionToWrite {
  readonly name: string;
  readonly type?: number;
  readonly flags?: number;
  readonly address?: number;
  readonly bytes: Uint8Array;
  /** Name of the section in sh_link. */
  readonly link?: string;
  /** zlib: SHF_COMPRESSED; zstd: the header says so, the bytes are taken as they are; zdebug: the old style, name it .zdebug_x yourself. */
  readonly compress?: "zlib" | "zstd" | "zdebug";
  /** What the compression header claims; default the true size. */
  readonly claimedSize?: number;
}

/** A file to write. */
export interface ElfToWrite {
  readonly type?: "EXEC" | "DYN" | "CORE" | number;
  readonly machine?: "amd64" | "arm64" | number;
  readonly entry?: number;
  readonly segments?: readonly SegmentToWrite[];
  readonly sections?: readonly SectionToWrite[];
  /** Counts and indexes in section 0 (PN_XNUM and the like), as for more than 65,534 of them. */
  readonly extended?: boolean;
  /** Program headers behind everything, as delve does. */
  readonly programHeadersLast?: boolean;
}

const TYPES = { EXEC: 2, DYN: 3, CORE: 4 } as const;
const MACHINES = { amd64: 62, arm64: 183 } as const;
const PAGE = 4096;

/** The bytes of the file. */
export function writeElf(elf: ElfToWrite): Uint8Array {
  const segments = elf.segments ?? [];
  const parts = new Parts();
  parts.at = 64;
  const firstTable = parts.at;
  if (!elf.programHeadersLast) parts.at += segments.length * 56;
  const places = segments.map((segment) => {
    if (segment.offset !== undefined) return segment.offset;
    return parts.add(segment.bytes ?? new Uint8Array(0), segment.type === 1 ? PAGE : 4);
  });
  const sectionTable = writeSections(elf, parts, segments.length);
  if (elf.programHeadersLast) parts.align(8);
  const table = elf.programHeadersLast ? parts.at : firstTable;
  parts.addAt(table, programHeaders(segments, places));
  parts.addAt(0, elfHeader(elf, segments.length > 0 ? table : 0, segments.length, sectionTable));
  return parts.bytes();
}

class Parts {
  at = 0;
  private readonly list: { offset: number; bytes: Uint8Array }[] = [];

  align(to: number): void {
    this.at = Math.ceil(this.at / to) * to;
  }
  add(bytes: Uint8Array, align: number): number {
    this.align(align);
    const offset = this.at;
    this.addAt(offset, bytes);
    return offset;
  }
  addAt(offset: number, bytes: Uint8Array): void {
    this.list.push({ offset, bytes });
    this.at = Math.max(this.at, offset + bytes.length);
  }
  bytes(): Uint8Array {
    const all = new Uint8Array(this.at);
    for (const part of this.list) all.set(part.bytes, part.offset);
    return all;
  }
}

interface SectionTable {
  readonly offset: number;
  readonly count: number;
  readonly nameIndex: number;
}

function elfHeader(elf: ElfToWrite, table: number, segmentCount: number, sections: SectionTable): Uint8Array {
  const view = new DataView(new ArrayBuffer(64));
  [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1].forEach((byte, i) => {
    view.setUint8(i, byte);
  });
  const type = elf.type ?? "CORE";
  const machine = elf.machine ?? "amd64";
  view.setUint16(16, typeof type === "number" ? type : TYPES[type], true);
  view.setUint16(18, typeof machine === "number" ? machine : MACHINES[machine], true);
  view.setUint32(20, 1, true);
  setU64(view, 24, elf.entry ?? 0);
  setU64(view, 32, table);
  setU64(view, 40, sections.offset);
  view.setUint16(52, 64, true);
  view.setUint16(54, 56, true);
  view.setUint16(56, elf.extended ? 0xffff : segmentCount, true);
  view.setUint16(58, 64, true);
  view.setUint16(60, elf.extended ? 0 : sections.count, true);
  view.setUint16(62, elf.extended ? 0xffff : sections.nameIndex, true);
  return new Uint8Array(view.buffer);
}

function programHeaders(segments: readonly SegmentToWrite[], places: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(segments.length * 56));
  segments.forEach((segment, i) => {
    const size = segment.bytes?.length ?? 0;
    view.setUint32(i * 56, segment.type, true);
    view.setUint32(i * 56 + 4, segment.flags ?? 0, true);
    setU64(view, i * 56 + 8, places[i]);
    setU64(view, i * 56 + 16, segment.address ?? 0);
    setU64(view, i * 56 + 32, segment.fileSize ?? size);
    setU64(view, i * 56 + 40, segment.memorySize ?? size);
    setU64(view, i * 56 + 48, PAGE);
  });
  return new Uint8Array(view.buffer);
}

function writeSections(elf: ElfToWrite, parts: Parts, segmentCount: number): SectionTable {
  if (elf.sections === undefined && !elf.extended) return { offset: 0, count: 0, nameIndex: 0 };
  const given = elf.sections ?? [];
  const names = ["", ...given.map((section) => section.name), ".shstrtab"];
  const strings = new TextEncoder().encode(`${names.join("\0")}\0`);
  const nameAt = (index: number) => new TextEncoder().encode(names.slice(0, index).join("\0")).length + (index > 0 ? 1 : 0);
  const nameIndex = given.length + 1;
  const view = new DataView(new ArrayBuffer((given.length + 2) * 64));
  if (elf.extended) {
    setU64(view, 32, given.length + 2);
    view.setUint32(40, nameIndex, true);
    view.setUint32(44, segmentCount, true);
  }
  const row = (index: number, section: SectionToWrite, bytes: Uint8Array, link: number) => {
    const at = index * 64;
    view.setUint32(at, nameAt(index), true);
    view.setUint32(at + 4, section.type ?? 1, true);
    setU64(view, at + 8, (section.flags ?? 0) + (section.compress === "zlib" || section.compress === "zstd" ? 0x800 : 0));
    setU64(view, at + 16, section.address ?? 0);
    setU64(view, at + 24, parts.add(bytes, 8));
    setU64(view, at + 32, bytes.length);
    view.setUint32(at + 40, link, true);
  };
  given.forEach((section, i) => {
    const link = section.link === undefined ? 0 : given.findIndex((other) => other.name === section.link) + 1;
    row(i + 1, section, packed(section), link);
  });
  row(nameIndex, { name: ".shstrtab", type: 3, bytes: strings }, strings, 0);
  return { offset: parts.add(new Uint8Array(view.buffer), 8), count: given.length + 2, nameIndex };
}

function packed(section: SectionToWrite): Uint8Array {
  const size = section.claimedSize ?? section.bytes.length;
  if (section.compress === "zdebug") {
    const head = new DataView(new ArrayBuffer(12));
    head.setUint32(0, 0x5a4c4942);
    head.setUint32(4, Math.floor(size / 0x100000000));
    head.setUint32(8, size % 0x100000000);
    return join(new Uint8Array(head.buffer), deflateSync(section.bytes));
  }
  if (section.compress === undefined) return section.bytes;
  const head = new DataView(new ArrayBuffer(24));
  head.setUint32(0, section.compress === "zlib" ? 1 : 2, true);
  setU64(head, 8, size);
  setU64(head, 16, 1);
  return join(new Uint8Array(head.buffer), section.compress === "zlib" ? deflateSync(section.bytes) : section.bytes);
}

/** One note record, padded. */
export function note(owner: string, type: number, body: Uint8Array): Uint8Array {
  const name = owner === "" ? new Uint8Array(0) : new TextEncoder().encode(`${owner}\0`);
  const pad = (n: number) => Math.ceil(n / 4) * 4;
  const bytes = new Uint8Array(12 + pad(name.length) + pad(body.length));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, name.length, true);
  view.setUint32(4, body.length, true);
  view.setUint32(8, type, true);
  bytes.set(name, 12);
  bytes.set(body, 12 + pad(name.length));
  return bytes;
}

/** NT_PRSTATUS of a thread; registers in the kernel's order. */
export function prstatus(machine: "amd64" | "arm64", tid: number, signal: number, registers: readonly bigint[]): Uint8Array {
  const bytes = new Uint8Array(machine === "amd64" ? 336 : 392);
  const view = new DataView(bytes.buffer);
  view.setInt16(12, signal, true);
  view.setInt32(32, tid, true);
  registers.forEach((value, i) => {
    view.setBigUint64(112 + i * 8, value, true);
  });
  return bytes;
}

/** NT_PRPSINFO. */
export function prpsinfo(pid: number, name: string, psargs: string): Uint8Array {
  const bytes = new Uint8Array(136);
  new DataView(bytes.buffer).setInt32(24, pid, true);
  bytes.set(new TextEncoder().encode(name).subarray(0, 15), 40);
  bytes.set(new TextEncoder().encode(psargs).subarray(0, 79), 56);
  return bytes;
}

/** NT_SIGINFO; value is the fault address, or the sender's pid. */
export function siginfo(signo: number, code: number, value: number): Uint8Array {
  const bytes = new Uint8Array(128);
  const view = new DataView(bytes.buffer);
  view.setInt32(0, signo, true);
  view.setInt32(8, code, true);
  setU64(view, 16, value);
  return bytes;
}

/** NT_AUXV from pairs of type and value. */
export function auxv(pairs: readonly (readonly [number, number])[]): Uint8Array {
  const view = new DataView(new ArrayBuffer((pairs.length + 1) * 16));
  pairs.forEach(([type, value], i) => {
    setU64(view, i * 16, type);
    setU64(view, i * 16 + 8, value);
  });
  return new Uint8Array(view.buffer);
}

/** NT_FILE; offsets in bytes, multiples of the page. */
export function fileList(
  files: readonly { readonly start: number; readonly end: number; readonly offset: number; readonly path: string }[],
): Uint8Array {
  const view = new DataView(new ArrayBuffer(16 + files.length * 24));
  setU64(view, 0, files.length);
  setU64(view, 8, PAGE);
  files.forEach((file, i) => {
    setU64(view, 16 + i * 24, file.start);
    setU64(view, 24 + i * 24, file.end);
    setU64(view, 32 + i * 24, file.offset / PAGE);
  });
  return join(new Uint8Array(view.buffer), new TextEncoder().encode(files.map((file) => `${file.path}\0`).join("")));
}

/** Build id notes as Go's linker leaves them. */
export function buildIdNotes(go: string, gnu: Uint8Array | undefined): { readonly go: Uint8Array; readonly gnu: Uint8Array } {
  return { go: note("Go\0", 4, new TextEncoder().encode(go)), gnu: gnu ? note("GNU", 3, gnu) : new Uint8Array(0) };
}

/** Bytes one after the other. */
export function join(...parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Bytes that tell where they are: a byte depends on its index and the seed. */
export function pattern(size: number, seed: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => (i * 31 + (i >>> 8) * 7 + seed * 101 + 1) & 0xff);
}

/** A symbol table and its strings. */
export function symbolTable(
  symbols: readonly {
    readonly name: string;
    readonly address: number;
    readonly size: number;
    readonly kind?: number;
    readonly section?: number;
  }[],
): { readonly table: Uint8Array; readonly strings: Uint8Array } {
  const view = new DataView(new ArrayBuffer((symbols.length + 1) * 24));
  let names = "\0";
  symbols.forEach((symbol, i) => {
    const at = (i + 1) * 24;
    view.setUint32(at, new TextEncoder().encode(names).length, true);
    view.setUint8(at + 4, symbol.kind ?? 1);
    view.setUint16(at + 6, symbol.section ?? 1, true);
    setU64(view, at + 8, symbol.address);
    setU64(view, at + 16, symbol.size);
    names += `${symbol.name}\0`;
  });
  return { table: new Uint8Array(view.buffer), strings: new TextEncoder().encode(names) };
}

function setU64(view: DataView, at: number, value: number): void {
  view.setUint32(at, value % 0x100000000, true);
  view.setUint32(at + 4, Math.floor(value / 0x100000000), true);
}
