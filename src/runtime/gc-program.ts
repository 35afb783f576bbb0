// Pointer masks written as small programs, for large types up to Go 1.23. runtime/mbitmap.go runGCProg

/**
 * The mask a program writes, one bit per word, least significant first.
 *
 * @param program from its first instruction (after the 4-byte length)
 * @param words   how many bits are wanted; a longer program is cut
 * @returns undefined when the bytes end before the program has
 */
export function runGcProgram(program: Uint8Array, words: number): Uint8Array | undefined {
  const mask = new Uint8Array(Math.ceil(words / 8));
  let at = 0;
  let written = 0;
  const put = (bit: number) => {
    if (written < words && bit === 1) mask[written >> 3] = mask[written >> 3] | (1 << (written & 7));
    written++;
  };
  const bitAt = (index: number) => (index < words ? (mask[index >> 3] >> (index & 7)) & 1 : 0);
  const varint = (): number | undefined => {
    let value = 0;
    for (let scale = 1; scale < 2 ** 49; scale *= 128) {
      const byte = program[at++];
      if (byte === undefined) return undefined;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    return undefined;
  };
  while (written < words) {
    const instruction = program[at++];
    if (instruction === undefined) return undefined;
    if (instruction === 0) break;
    let count: number | undefined = instruction & 0x7f;
    if (instruction < 0x80) {
      // Emit the next count bits as they stand.
      for (let i = 0; i < count; i++) {
        const byte = program[at + (i >> 3)];
        if (byte === undefined) return undefined;
        put((byte >> (i & 7)) & 1);
      }
      at += Math.ceil(count / 8);
      continue;
    }
    // Repeat the previous count bits so many times.
    if (count === 0) count = varint();
    const times = varint();
    if (count === undefined || times === undefined || count === 0 || count > written) return undefined;
    const end = Math.min(written + count * times, words);
    for (let from = written - count; written < end; from++) put(bitAt(from));
  }
  return mask;
}
