// What one machine instruction does to the flow of the code and to the words of its stack frame; the rest of it is passed over.
// Intel SDM vol. 2 chapter 2 and appendix A; Arm ARM C4.1

import type { Arch, ArchName } from "../base/arch.js";

/** Where the code goes on: behind it, or at target too (branch), or only there (jump); end: it returns; unknown: nobody can say. */
export interface Instruction {
  readonly size: number;
  readonly flow: "next" | "branch" | "jump" | "call" | "end" | "unknown";
  /** Of branch, jump and call: from the start of the code; NaN when it is not a constant. */
  readonly target: number;
  /** Bytes from the stack pointer that it names; "address" takes their address, "move" moves the stack pointer. */
  readonly stack: StackUse | undefined;
}

export interface StackUse {
  readonly kind: "read" | "write" | "address" | "move";
  readonly offset: number;
  readonly bytes: number;
}

type Decoder = (code: DataView, at: number) => Instruction | undefined;

/** The instruction at a place in the code; undefined when it is not known how long it is. */
export function decoderOf(arch: Arch): Decoder {
  return guarded(DECODERS[arch.name]);
}

const DECODERS: Readonly<Record<ArchName, Decoder>> = { amd64: decodeAmd64, arm64: decodeArm64 };

/** The end of the code within an instruction is no instruction. */
function guarded(decode: Decoder): Decoder {
  return (code, at) => {
    try {
      return decode(code, at);
    } catch (error) {
      if (error instanceof RangeError) return undefined;
      throw error;
    }
  };
}

const plain = (size: number, flow: Instruction["flow"] = "next", target = Number.NaN): Instruction => ({
  size,
  flow,
  target,
  stack: undefined,
});

// ── amd64 ────────────────────────────────────────────────────────────────────────────────────────

/** Immediate bytes after ModRM by opcode of the first map: -1 no ModRM and none, -2 invalid; others have ModRM unless listed in NO_MODRM. */
const NO_MODRM_IMMEDIATE: Readonly<Record<number, number>> = {
  104: 4, // 68 PUSH
  106: 1, // 6A
  168: 1, // A8 TEST
  169: 4, // A9
  205: 1, // CD
};
const PREFIXES = new Set([0x66, 0xf2, 0xf3, 0xf0, 0x2e, 0x36, 0x3e, 0x26, 0x64, 0x65]);

function decodeAmd64(code: DataView, start: number): Instruction | undefined {
  let at = start;
  const byte = () => code.getUint8(at++);
  let operand16 = false;
  let repeat = 0;
  let op = byte();
  for (; PREFIXES.has(op); op = byte()) {
    if (op === 0x66) operand16 = true;
    if (op === 0xf2 || op === 0xf3) repeat = op;
  }
  const rex = op >> 4 === 4 ? op : 0;
  if (rex) op = byte();
  const wide = (rex & 8) !== 0;
  const immediate = operand16 ? 2 : 4;
  const done = (flow: Instruction["flow"] = "next", target = Number.NaN) => plain(at - start, flow, target);
  const relative = (size: 1 | 4): number => {
    const offset = size === 1 ? code.getInt8(at) : code.getInt32(at, true);
    at += size;
    return at + offset;
  };
  const withModRm = (extra: number, use: (reg: number) => readonly [StackUse["kind"], number], baseBit = rex & 1): Instruction => {
    const modrm = byte();
    const mode = modrm >> 6;
    const low = modrm & 7;
    let base = low;
    let index = 4;
    if (mode !== 3 && low === 4) {
      const sib = byte();
      base = sib & 7;
      index = ((sib >> 3) & 7) + (rex & 2 ? 8 : 0);
    }
    let displacement = 0;
    if (mode === 1) displacement = code.getInt8(at++);
    else if (mode === 2 || (mode === 0 && base === 5)) {
      displacement = code.getInt32(at, true);
      at += 4;
    }
    at += extra;
    const onStack = mode !== 3 && low === 4 && base === 4 && index === 4 && baseBit === 0;
    if (!onStack) return plain(at - start);
    const [kind, bytes] = use((modrm >> 3) & 7);
    return { size: at - start, flow: "next", target: Number.NaN, stack: { kind, offset: displacement, bytes } };
  };
  const general = wide ? 8 : operand16 ? 2 : 4;
  const reads = (bytes: number) => () => ["read", bytes] as const;
  const writes = (bytes: number) => () => ["write", bytes] as const;

  if (op === 0xc5 || op === 0xc4) {
    const first = byte();
    const second = op === 0xc4 ? byte() : first;
    const map = op === 0xc4 ? first & 31 : 1;
    const bytes = second & 4 ? 32 : 16;
    const inner = byte();
    if (map === 1 && inner === 0x77) return done();
    const extra = map === 3 || (map === 1 && hasByteInSecondMap(inner)) ? 1 : 0;
    const store = map === 1 && [0x11, 0x29, 0x7f, 0xd6, 0x7e].includes(inner);
    return withModRm(
      extra,
      store ? writes(inner === 0xd6 || inner === 0x7e ? 8 : bytes) : reads(bytes),
      op === 0xc4 && !(first & 0x20) ? 1 : 0,
    );
  }
  if (op === 0x62) return undefined;
  if (op === 0x0f) {
    const second = byte();
    if (second === 0x0b) return done("end");
    if (second >= 0x80 && second <= 0x8f) return done("branch", relative(4));
    if (second === 0x38) {
      byte();
      return withModRm(0, reads(16));
    }
    if (second === 0x3a) {
      byte();
      return withModRm(1, reads(16));
    }
    if ([0x05, 0x31, 0x77, 0xa0, 0xa1, 0xa2, 0xa8, 0xa9, 0xaa].includes(second) || (second >= 0xc8 && second <= 0xcf)) return done();
    if (second >= 0x90 && second <= 0x9f) return withModRm(0, writes(1));
    if (second === 0x11) return withModRm(0, writes(repeat === 0xf3 ? 4 : repeat === 0xf2 ? 8 : 16));
    if (second === 0x29 || second === 0x7f) return withModRm(0, writes(16));
    if (second === 0xd6 || second === 0x13 || second === 0x17) return withModRm(0, writes(8));
    if (second === 0x7e) return withModRm(0, repeat === 0xf3 ? reads(8) : writes(wide ? 8 : 4));
    return withModRm(
      hasByteInSecondMap(second) ? 1 : 0,
      reads(second < 0x40 || (second >= 0x50 && second < 0x80) || second >= 0xd0 ? 16 : 8),
    );
  }
  if (op < 0x40) {
    const kind = op & 7;
    if (kind < 4) return withModRm(0, reads(8));
    if (kind > 5) return undefined;
    at += kind === 4 ? 1 : immediate;
    return done();
  }
  if (op >= 0x50 && op <= 0x5f) return done();
  if (op >= 0x70 && op <= 0x7f) return done("branch", relative(1));
  if (op >= 0xe0 && op <= 0xe3) return done("branch", relative(1));
  if (op >= 0xb0 && op <= 0xb7) at += 1;
  if (op >= 0xb8 && op <= 0xbf) at += wide ? 8 : immediate;
  if (op >= 0xb0 && op <= 0xbf) return done();
  const alone = NO_MODRM_IMMEDIATE[op];
  if (alone !== undefined) {
    at += alone === 4 ? immediate : alone;
    return done();
  }
  switch (op) {
    case 0x63:
      return withModRm(0, reads(4));
    case 0x69:
      return withModRm(immediate, reads(8));
    case 0x6b:
    case 0xc0:
    case 0xc1:
      return withModRm(1, reads(8));
    case 0x80:
    case 0x83:
    case 0x81: {
      // ADD and SUB of the stack pointer itself.
      const modrm = code.getUint8(at);
      const moves = (modrm === 0xc4 || modrm === 0xec) && (rex & 1) === 0 && op !== 0x80;
      const found = withModRm(op === 0x81 ? immediate : 1, reads(8));
      return moves ? { ...found, stack: { kind: "move", offset: 0, bytes: 0 } } : found;
    }
    case 0x88:
      return withModRm(0, writes(1));
    case 0x89:
      return withModRm(0, writes(general));
    case 0x8d:
      return withModRm(0, () => ["address", 0] as const);
    case 0xc6:
      return withModRm(1, writes(1));
    case 0xc7:
      return withModRm(immediate, writes(general));
    case 0xf6:
    case 0xf7: {
      const hasImmediate = ((code.getUint8(at) >> 3) & 7) < 2;
      return withModRm(hasImmediate ? (op === 0xf6 ? 1 : immediate) : 0, reads(8));
    }
    case 0xff: {
      const reg = (code.getUint8(at) >> 3) & 7;
      const found = withModRm(0, reads(8));
      return reg === 2 ? { ...found, flow: "call" } : reg === 4 ? { ...found, flow: "unknown" } : found;
    }
    case 0xe8:
      return done("call", relative(4));
    case 0xe9:
      return done("jump", relative(4));
    case 0xeb:
      return done("jump", relative(1));
    case 0xc2:
      at += 2;
      return done("end");
    case 0xc3:
    case 0xcc:
    case 0xf4:
      return done("end");
    case 0x84:
    case 0x85:
    case 0x86:
    case 0x87:
    case 0x8a:
    case 0x8b:
    case 0xd0:
    case 0xd1:
    case 0xd2:
    case 0xd3:
    case 0xfe:
      return withModRm(0, reads(8));
    default:
      // No operands that matter: NOP, CDQ, string instructions; x87 and the rest are not Go's.
      if ((op >= 0x90 && op <= 0x9f && op !== 0x9a) || (op >= 0xa4 && op <= 0xaf)) return done();
      return op >= 0xd8 && op <= 0xdf ? withModRm(0, reads(8)) : undefined;
  }
}

/** Opcodes of the 0F map with an immediate byte. */
function hasByteInSecondMap(op: number): boolean {
  return (op >= 0x70 && op <= 0x73) || op === 0xa4 || op === 0xac || op === 0xba || op === 0xc2 || (op >= 0xc4 && op <= 0xc6);
}

// ── arm64 ────────────────────────────────────────────────────────────────────────────────────────

const SP = 31;

function decodeArm64(code: DataView, at: number): Instruction | undefined {
  const word = code.getUint32(at, true);
  const signed = (bits: number, low: number) => ((word << (32 - bits - low)) >> (32 - bits)) * 4;
  if (word >>> 26 === 0b000101) return plain(4, "jump", at + signed(26, 0));
  if (word >>> 26 === 0b100101) return plain(4, "call", at + signed(26, 0));
  if ((word & 0xff000010) >>> 0 === 0x54000000) return plain(4, "branch", at + signed(19, 5));
  if ((word & 0x7e000000) >>> 0 === 0x34000000) return plain(4, "branch", at + signed(19, 5));
  if ((word & 0x7e000000) >>> 0 === 0x36000000) return plain(4, "branch", at + signed(14, 5));
  if ((word & 0xfffffc1f) >>> 0 === 0xd63f0000) return plain(4, "call");
  if ((word & 0xfffffc1f) >>> 0 === 0xd61f0000) return plain(4, "unknown");
  if ((word & 0xfffffc1f) >>> 0 === 0xd65f0000) return plain(4, "end");
  if ((word & 0xffe0001f) >>> 0 === 0xd4200000 || (word & 0xffff0000) >>> 0 === 0) return plain(4, "end");
  const base = (word >>> 5) & 31;
  const stack = (kind: StackUse["kind"], offset: number, bytes: number): Instruction => ({ ...plain(4), stack: { kind, offset, bytes } });
  // ADD and SUB (immediate) with SP.
  if ((word & 0x1f000000) === 0x11000000 && base === SP) {
    const amount = ((word >>> 10) & 0xfff) << ((word >>> 22) & 1 ? 12 : 0);
    if ((word & 31) === SP && !((word >>> 29) & 1)) return stack("move", 0, 0);
    return stack("address", (word >>> 30) & 1 ? -amount : amount, 0);
  }
  // ADD (extended register) with SP: a place that is too far for an immediate.
  if ((word & 0x7fe00000) === 0x0b200000 && base === SP)
    return { ...plain(4), flow: (word & 31) === SP ? "next" : "unknown", stack: undefined };
  if (base !== SP) return plain(4);
  const vector = (word >>> 26) & 1;
  // Load and store register, unsigned and unscaled offset.
  if ((word & 0x3b000000) === 0x39000000 || (word & 0x3b200c00) === 0x38000000) {
    const size = 1 << (vector && (word >>> 23) & 1 ? 4 : word >>> 30);
    const offset = (word & 0x01000000) !== 0 ? ((word >>> 10) & 0xfff) * size : (word << 11) >> 23;
    const isStore = ((word >>> 22) & 1) === 0 && (((word >>> 23) & 1) === 0 || vector === 1);
    return stack(isStore ? "write" : "read", offset, size);
  }
  // Before and after: the stack pointer moves with it.
  if ((word & 0x3b200400) === 0x38000400) return stack("move", 0, 0);
  // Load and store pair.
  if ((word & 0x3a000000) === 0x28000000) {
    const mode = (word >>> 23) & 3;
    if (mode !== 2) return stack("move", 0, 0);
    const size = vector ? 4 << (word >>> 30) : (word >>> 30) & 2 ? 8 : 4;
    const offset = ((word << 10) >> 25) * size;
    return stack((word >>> 22) & 1 ? "read" : "write", offset, 2 * size);
  }
  return plain(4);
}
