// A channel: runtime.hchan. runtime/chan.go
import { type Address, NONE } from "../../base/units.js";
import type { AddressSpace } from "../../process/address-space.js";
import type { GoType, TypeTable } from "../go-types.js";
import { readField, readFieldOr } from "../layout/layout.js";
import { fieldOf } from "../role.js";
import type { RecordSource } from "./chain.js";

/** runtime.hchan. runtime/chan.go */
export interface Channel {
  readonly address: Address;
  /** Elements in its buffer. */
  readonly length: number;
  /** Room in its buffer; 0: it has none. */
  readonly capacity: number;
  readonly closed: boolean;
  /** The runtime sends to it: the channel of a time.Timer or time.Ticker. Told since Go 1.23. */
  readonly ofTimer: boolean;
  readonly buffer: Address;
  /** Place in the buffer of the element that is received next. */
  readonly receiveIndex: number;
  /** abi.Type of its elements. */
  readonly elementType: Address;
  /** The first sudog of those who wait to receive, and to send; 0 for none. */
  readonly firstReceiver: Address;
  readonly firstSender: Address;
}

/** @throws MemoryFault when it is not in the core */
export function readChannel({ layout, memory }: RecordSource, address: Address): Channel {
  const struct = layout.struct("hchan");
  const field = (name: Parameters<typeof struct.offset>[0]) => readField(memory, struct, address, name);
  return {
    address,
    length: field("qcount"),
    capacity: field("dataqsiz"),
    closed: field("closed") !== 0,
    ofTimer: readFieldOr(memory, struct, address, "timer", 0) !== 0,
    buffer: field("buf"),
    receiveIndex: field("recvx"),
    elementType: field("elemtype"),
    firstReceiver: field("recvq.first"),
    firstSender: field("sendq.first"),
  };
}

/** The same; undefined when it is not in the core. */
export function tryChannel(source: RecordSource, address: Address): Channel | undefined {
  const { size } = source.layout.struct("hchan");
  return source.memory.tryBytes(address, size) ? readChannel(source, address) : undefined;
}

/** The buffer of a channel, by its header's type; undefined for nil, and where that type is not described. @throws MemoryFault */
export function channelBuffer(
  { memory, types }: { readonly memory: AddressSpace; readonly types: TypeTable },
  channel: GoType,
  header: Address,
): { readonly address: Address; readonly count: number } | undefined {
  const struct = channel.header === NONE ? undefined : types.get(channel.header);
  const [buffer, capacity] = [fieldOf(struct, "buf"), fieldOf(struct, "dataqsiz")];
  if (header === 0 || !buffer || !capacity) return undefined;
  return { address: memory.readAddress(header + buffer.offset), count: memory.readUint(header + capacity.offset, 8) };
}
