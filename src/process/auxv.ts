// The auxiliary vector: what the kernel told the program when it started. Linux include/uapi/linux/auxvec.h
import { uint64 } from "../base/uint64.js";

const AT_NULL = 0;
export const AT_PHDR = 3;
export const AT_ENTRY = 9;
export const AT_EXECFN = 31;
export const AT_SYSINFO_EHDR = 33;

/** Values by AT_ type, up to AT_NULL or the end. */
export function readAuxv(bytes: Uint8Array): ReadonlyMap<number, number> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const word = (at: number) => uint64(view, at);
  const auxv = new Map<number, number>();
  for (let at = 0; at + 16 <= bytes.length && word(at) !== AT_NULL; at += 16) auxv.set(word(at), word(at + 8));
  return auxv;
}
