// The decoder of each architecture's instructions.
import type { Arch, ArchName } from "../../base/arch.js";
import { amd64 } from "./amd64.js";
import { amd64References } from "./amd64-references.js";
import { arm64 } from "./arm64.js";
import { arm64References } from "./arm64-references.js";
import type { Machine } from "./instructions.js";
import type { References } from "./references.js";

const MACHINES: Readonly<Record<ArchName, Machine>> = { amd64, arm64 };
const REFERENCES: Readonly<Record<ArchName, References>> = { amd64: amd64References, arm64: arm64References };

/** How code of an architecture is decoded, and where Go's calling convention keeps values in it. */
export function machineOf(arch: Arch): Machine {
  return MACHINES[arch.name];
}

/** How code of an architecture refers to fixed addresses. */
export function referencesOf(arch: Arch): References {
  return REFERENCES[arch.name];
}
