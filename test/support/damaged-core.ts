/** A committed core whose bytes a test changes, opened with the executable that it is of. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Dump, openDump } from "../../src/dump.js";
import { unpacked } from "./dump-cache.js";

export interface DamagedCore {
  /** The undamaged bytes: copy before changing. */
  readonly whole: Uint8Array;
  open(bytes: Uint8Array): Promise<Dump>;
  /** Removes what was written. */
  close(): void;
}

/** @param name of a folder of dumps/cores */
export function damagedCore(name: string): DamagedCore {
  const { core, executable } = unpacked(name);
  const folder = mkdtempSync(join(tmpdir(), "damaged-"));
  return {
    whole: new Uint8Array(readFileSync(core)),
    open(bytes) {
      const path = join(folder, "core");
      writeFileSync(path, bytes);
      return openDump({ core: path, executable });
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}
