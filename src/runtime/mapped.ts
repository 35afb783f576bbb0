// Memory that the program mapped itself: the tables that packages syscall and golang.org/x/sys/unix keep of live mmaps.
import { type Address, type Bytes, NONE, WORD } from "../base/units.js";
import { readMap } from "./maps/maps.js";
import type { GoRuntime } from "./runtime.js";

/** A live mmap of the program. */
export interface Mapped {
  /** "syscall": whose Mmap made it. */
  readonly by: string;
  readonly address: Address;
  readonly bytes: Bytes;
  /** Header of the map that has it. */
  readonly table: Address;
}

/** Variables of type *mmapper, whose field active has each map by the address of its last byte. syscall/syscall_unix.go */
const TABLES = ["syscall", "golang.org/x/sys/unix"];
const MOST = 1_000_000;

/** Every mmap that was not unmapped, in address order; none where the program made none. */
export function liveMaps(runtime: GoRuntime): readonly Mapped[] {
  return TABLES.flatMap((by) => tableOf(runtime, by)).sort((a, b) => a.address - b.address);
}

function tableOf(runtime: GoRuntime, by: string): readonly Mapped[] {
  const { types, maps, process } = runtime;
  const { memory } = process;
  const variable = runtime.variables.global(`${by}.mapper`);
  const pointer = variable && types.get(variable.type);
  const record = variable && memory.tryAddress(variable.address);
  if (!record || pointer?.kind !== "pointer" || pointer.element === NONE) return [];
  const active = types.get(pointer.element).fields.find(({ name }) => name === "active");
  const map = active && active.type !== NONE ? types.get(active.type) : undefined;
  const header = active && memory.tryAddress(record + active.offset);
  if (!header || map?.kind !== "map") return [];
  const found: Mapped[] = [];
  for (const { value } of readMap({ memory, types, maps }, map, header)) {
    // A slice of bytes.
    const address = memory.tryAddress(value);
    const bytes = memory.tryAddress(value + WORD);
    if (address && bytes && found.length < MOST) found.push({ by, address, bytes, table: header });
  }
  return found;
}

/** C is linked: its allocator and its threads are there. undefined when the core does not tell. */
export function isCgo({ variables, process }: GoRuntime): boolean | undefined {
  const at = variables.global("runtime.iscgo")?.address;
  const byte = at === undefined ? undefined : process.memory.tryBytes(at, 1)?.[0];
  return byte === undefined ? undefined : byte === 1;
}
