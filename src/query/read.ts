// Raw memory at an address, and the object it is in.
import { MemoryFault, UsageError } from "../base/errors.js";
import { counted, type Hex, hex, NONE, parseAddress } from "../base/units.js";
import type { Dump } from "../dump.js";
import { explainAddress, nameObject } from "./object-names.js";
import type { Query } from "./query.js";

export interface ReadArgs {
  readonly address: string;
  readonly length: number;
}

export interface ReadResult {
  readonly address: Hex;
  /** Hexadecimal digits, two a byte; shorter than asked where the dump ends. */
  readonly bytes: string;
  readonly object?: { readonly address: Hex; readonly type: string; readonly bytes: number; readonly offset: number };
  readonly explanation: string;
}

export const MOST_BYTES_READ = 1 << 20;

export const read: Query<ReadArgs, ReadResult> = {
  name: "read",
  summary: "bytes of memory, and the object they are in",
  run(dump, args) {
    const address = parseAddress(args.address);
    if (address === undefined) throw new UsageError(`${args.address}: not an address`, "Addresses are hexadecimal: 0xc000012000.");
    if (!(args.length > 0 && args.length <= MOST_BYTES_READ))
      throw new UsageError(`${args.length}: read takes 1 to ${MOST_BYTES_READ} bytes`);
    const bytes = readWhatIsThere(dump, address, args.length);
    const where = describe(dump, address);
    return { address: hex(address), bytes: Buffer.from(bytes).toString("hex"), ...where };
  },
};

/** As many bytes as there are from the address on. @throws MemoryFault when there is none */
function readWhatIsThere(dump: Dump, address: number, length: number): Uint8Array {
  const { memory } = dump.process;
  const whole = memory.tryBytes(address, length);
  if (whole) return whole;
  let have = 0;
  for (let step = 2 ** Math.floor(Math.log2(length)); step >= 1; step /= 2)
    if (have + step <= length && memory.tryBytes(address, have + step)) have += step;
  if (have > 0) return memory.bytes(address, have);
  throw new MemoryFault(address, length, memory.find(address) ? "not-dumped" : "unmapped");
}

/** Bytes can be read without Go; what they belong to needs it. */
function describe(dump: Dump, address: number): Pick<ReadResult, "object" | "explanation"> {
  try {
    const { objects } = dump.heap;
    const id = objects.find(address);
    if (id === NONE) return { explanation: explainAddress(dump, address) };
    const { evidence: _, ...object } = nameObject(dump, id);
    const offset = address - objects.addressOf(id);
    return {
      object: { ...object, offset },
      explanation: `${counted(offset, "byte")} into ${object.address}, ${object.type}, ${counted(object.bytes, "byte")}`,
    };
  } catch (error) {
    return { explanation: error instanceof Error ? error.message : String(error) };
  }
}
