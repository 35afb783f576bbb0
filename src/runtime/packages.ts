// Which packages the program was linked from. Debug information has a unit, with the package's name, for each that has code
// or variables of its own; of those with nothing but types or generic functions only the names of these tell.

import { decodeText } from "../base/byte-reader.js";
import { type PackageName, realName } from "../base/package-names.js";
import type { Bytes } from "../base/units.js";
import type { DebugInfo } from "../dwarf/dwarf.js";
import type { AddressSpace } from "../process/address-space.js";
import { MOST_NAMES } from "./limits.js";
import type { Module } from "./modules.js";

const CHUNK: Bytes = 1 << 20;

/** Every package, those of the executable's own units with their names; a path may come twice. */
export function readPackages(memory: AddressSpace, modules: readonly Module[], debug: DebugInfo): readonly PackageName[] {
  const paths = new Set<string>();
  for (const name of debug.typeNames()) {
    const head = headOf(name);
    if (head.includes("/")) paths.add(head.slice(0, head.lastIndexOf(".")));
  }
  for (const module of modules) {
    for (const symbol of functionNames(memory, module)) {
      const head = headOf(symbol);
      const dot = head.indexOf(".", head.lastIndexOf("/"));
      if (head.includes("/") && dot > 0) paths.add(realName(head.slice(0, dot)));
    }
  }
  return [...debug.packages(), ...[...paths].map((path) => ({ path, name: "" }))];
}

/** What stands before the first bracket, space or star; nothing of names that the linker made up ("type:.eq.x/y.T"). */
function headOf(name: string): string {
  const end = name.search(/[[\](){}<>*:, ]/);
  return end < 0 ? name : name[end] === ":" ? "" : name.slice(0, end);
}

/** The table of names as it lies there, one after the other; it ends where the next table begins. */
function* functionNames(memory: AddressSpace, { funcnametab, cutab }: Module): Iterable<string> {
  const end = Math.min(cutab, funcnametab + MOST_NAMES);
  let rest = "";
  for (let at = funcnametab; at < end; at += CHUNK) {
    const bytes = memory.tryBytes(at, Math.min(CHUNK, end - at));
    const names = `${rest}${bytes ? decodeText(bytes) : ""}`.split("\0");
    rest = names.pop() ?? "";
    yield* names;
  }
}
