// Note records: what the kernel, gdb and delve say about a process, and build ids.
import { decodeText } from "../base/byte-reader.js";
import { NT_GNU_BUILD_ID, NT_GO_BUILD_ID } from "./constants.js";
import { LONGEST_GNU_BUILD_ID, LONGEST_GO_BUILD_ID } from "./limits.js";

/** One note record. */
export interface ElfNote {
  /** "CORE", "LINUX", "GNU", "Go"; "" in cores that delve wrote. */
  readonly owner: string;
  readonly type: number;
  readonly body: Uint8Array;
}

/** The two ids by which a build is known. */
export interface BuildIds {
  /** As `go tool buildid` prints it. */
  readonly go: string | undefined;
  /** Lower-case hex. */
  readonly gnu: string | undefined;
}

/**
 * Note records one after the other, owner and body padded to 4; stops at the first record that does not fit.
 *
 * Source: gABI chapter 5, Note Section (Linux uses 4-byte words in 64-bit files too).
 */
export function parseNotes(bytes: Uint8Array): ElfNote[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const notes: ElfNote[] = [];
  let at = 0;
  while (at + 12 <= bytes.length) {
    const ownerSize = view.getUint32(at, true);
    const bodySize = view.getUint32(at + 4, true);
    const type = view.getUint32(at + 8, true);
    const bodyAt = at + 12 + pad4(ownerSize);
    if (bodyAt + bodySize > bytes.length) break;
    if (ownerSize !== 0 || bodySize !== 0 || type !== 0) {
      const owner = decodeText(bytes.subarray(at + 12, at + 12 + ownerSize));
      const end = owner.indexOf("\0");
      notes.push({ owner: end < 0 ? owner : owner.slice(0, end), type, body: bytes.subarray(bodyAt, bodyAt + bodySize) });
    }
    at = bodyAt + pad4(bodySize);
  }
  return notes;
}

/** The build ids among notes; the first of each kind. */
export function buildIdsOf(notes: readonly ElfNote[]): BuildIds {
  const go = notes.find((note) => note.owner === "Go" && note.type === NT_GO_BUILD_ID);
  const gnu = notes.find((note) => note.owner === "GNU" && note.type === NT_GNU_BUILD_ID);
  return { go: go && goText(go.body), gnu: gnu && Buffer.from(gnu.body).toString("hex") };
}

/**
 * Build id notes found by their look in the first bytes of an image, for images whose headers do not lead to them:
 * Go's own linker leaves the GNU note outside PT_NOTE, and a core holds only the first page.
 */
export function scanBuildIds(bytes: Uint8Array): BuildIds {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let go: string | undefined;
  let gnu: string | undefined;
  for (let at = 0; at + 16 <= bytes.length; at += 4) {
    if (view.getUint32(at, true) !== 4) continue; // size of "Go\0\0" and "GNU\0"
    const size = view.getUint32(at + 4, true);
    const type = view.getUint32(at + 8, true);
    const owner = view.getUint32(at + 12, true);
    if (at + 16 + size > bytes.length) continue;
    const body = bytes.subarray(at + 16, at + 16 + size);
    if (owner === 0x6f47 && type === NT_GO_BUILD_ID && size >= 4 && size <= LONGEST_GO_BUILD_ID) go ??= goText(body);
    if (owner === 0x554e47 && type === NT_GNU_BUILD_ID && size >= 4 && size <= LONGEST_GNU_BUILD_ID)
      gnu ??= Buffer.from(body).toString("hex");
  }
  return { go, gnu };
}

function goText(body: Uint8Array): string {
  return decodeText(body).replace(/\0+$/, "");
}

function pad4(size: number): number {
  return size + ((4 - (size % 4)) % 4);
}
