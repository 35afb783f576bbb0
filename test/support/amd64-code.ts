// Machine code of amd64 that a test puts together. Intel SDM vol. 2

/** Bytes of an instruction, or bytes that end with a displacement to an address, and what stands behind it. */
export type Piece = readonly number[] | { readonly code: readonly number[]; readonly to: number; readonly behind?: readonly number[] };

/** The code of pieces that follow each other. @param start  address of the first byte */
export function amd64Code(start: number, ...pieces: readonly Piece[]): Uint8Array {
  const bytes: number[] = [];
  for (const piece of pieces) {
    if (!("code" in piece)) {
      bytes.push(...piece);
      continue;
    }
    const { code, to, behind = [] } = piece;
    const displacement = to - (start + bytes.length + code.length + 4 + behind.length);
    bytes.push(...code, ...[0, 8, 16, 24].map((shift) => (displacement >> shift) & 255), ...behind);
  }
  return Uint8Array.from(bytes);
}

/** Instructions with an address: LEAQ to(SB), AX and so on. */
export const leaAx = (to: number): Piece => ({ code: [0x48, 0x8d, 0x05], to });
export const leaBx = (to: number): Piece => ({ code: [0x48, 0x8d, 0x1d], to });
export const loadAx = (to: number): Piece => ({ code: [0x48, 0x8b, 0x05], to });
export const loadBx = (to: number): Piece => ({ code: [0x48, 0x8b, 0x1d], to });
export const storeAx = (to: number): Piece => ({ code: [0x48, 0x89, 0x05], to });
export const storeCx = (to: number): Piece => ({ code: [0x48, 0x89, 0x0d], to });
export const call = (to: number): Piece => ({ code: [0xe8], to });

export const TEST_AX = [0x48, 0x85, 0xc0];
/** MOVQ AX, 8(SP) and back. */
export const AX_TO_SLOT = [0x48, 0x89, 0x44, 0x24, 0x08];
export const AX_FROM_SLOT = [0x48, 0x8b, 0x44, 0x24, 0x08];
export const RET = [0xc3];
