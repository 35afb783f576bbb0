// The decoder of each architecture's instructions.
import type { Arch, ArchName } from "../../base/arch.js";
import { amd64 } from "./amd64.js";
import { arm64 } from "./arm64.js";
import type { Machine } from "./instructions.js";

const MACHINES: Readonly<Record<ArchName, Machine>> = { amd64, arm64 };

/** How code of an architecture is decoded, and where Go's calling convention keeps values in it. */
export function machineOf(arch: Arch): Machine {
  return MACHINES[arch.name];
}
