// The decoder of each architecture's instructions.
import type { Arch, ArchName } from "../../base/arch.js";
import { amd64 } from "./amd64.js";
import { arm64 } from "./arm64.js";
import type { Machine } from "./instructions.js";

const MACHINES: Readonly<Record<ArchName, Machine>> = { amd64, arm64 };

export function machineOf(arch: Arch): Machine {
  return MACHINES[arch.name];
}
