// The role of every type that the runtime knows more of than its declaration says. A rule about a type is one row here, or of a map's
// design beside that design.
import { NONE } from "../base/units.js";
import { ATOMIC_POINTER } from "./atomic-pointers.js";
import type { TypeRole } from "./go-types.js";
import { MAP_ROLES } from "./maps/designs.js";
import { INNER_MAP, SYNC_MAP_ROLES } from "./maps/sync-maps.js";
import { isFieldAt, type RoleRow } from "./role.js";

/** The first row whose pattern matches counts. */
const ROLES: readonly RoleRow[] = [
  ...MAP_ROLES,
  ...SYNC_MAP_ROLES,
  {
    kind: "channel",
    names: /^hchan</,
    readable: (name) => (name.endsWith(">") ? `chan ${name.slice("hchan<".length, -1)}` : name),
    pointerAt: (types, type, offset) =>
      isFieldAt(type, "buf", offset)
        ? { kind: "array", target: types.byName(type.name.slice("hchan<".length, type.name.lastIndexOf(">"))) }
        : undefined,
    owns: (_, type, offset) => isFieldAt(type, "buf", offset),
  },
  { kind: "channel", isGeneric: true, names: /^(?:\[\]\*?)?runtime\.hchan$/ },
  ATOMIC_POINTER,
  {
    kind: "pool",
    names: /^sync\.Pool$/,
    pointerAt: (types, type, offset) =>
      isFieldAt(type, "local", offset) || isFieldAt(type, "victim", offset)
        ? { kind: "array", target: types.byName("sync.poolLocal") }
        : undefined,
  },
  {
    // What sync.Pool calls the two words of an interface. sync/poolqueue.go
    kind: "interface words",
    names: /^sync\.eface$/,
    pointerAt: (_, type, offset) => (isFieldAt(type, "val", offset) ? { kind: "interface", target: NONE } : undefined),
  },
  // runtime/time.go timeTimer, time/sleep.go
  { kind: "timer", names: /^time\.Timer$/, allocatedAs: "runtime.timeTimer" },
  { kind: "timer", names: /^time\.Ticker$/, allocatedAs: "runtime.timeTicker" },
  { kind: "timer", names: /^runtime\.timer$/, insideOf: ["runtime.timeTimer", "time.Timer"] },
  { kind: "timer", names: /^runtime\.time(?:Timer|Ticker)$/ },
  {
    kind: "buffer",
    names: /^(?:strings\.Builder|bytes\.Buffer|bufio\.(?:Reader|Writer))$/,
    owns: (_, type, offset) => (isFieldAt(type, "buf", offset) ? true : undefined),
  },
];

/** What may stand before the name of a part: a list of parts, a pointer to one. */
const BEFORE_PART = /^(?:\[\])?\*?(?:noalg\.)?/;

/** The role of a type by its name. */
export function roleOf(name: string): TypeRole {
  const row = ROLES.find((each) => each.names.test(name));
  const part = name.replace(BEFORE_PART, "");
  const partRow = part === name ? row : ROLES.find((each) => each.names.test(part));
  const partOf = partRow?.partOf?.(part) ?? (partRow?.readable?.(part) === INNER_MAP ? INNER_MAP : undefined);
  return {
    kind: "none",
    ...row,
    readable: row?.readable?.(name) ?? name,
    partOf: partOf === INNER_MAP ? "sync.Map" : partOf,
  };
}
