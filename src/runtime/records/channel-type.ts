// The type of a channel, by the channel alone.
import { type Address, NONE, type TypeId } from "../../base/units.js";
import { channelHeader } from "../abi-types.js";
import type { GoRuntime } from "../runtime.js";
import { tryChannel } from "./channel.js";

/** The channel's own struct with the elements of its buffer; NONE when no channel is there, or nothing says what it carries. */
export function headerOfChannel(runtime: Pick<GoRuntime, "types" | "process" | "layout" | "memory">, address: Address): TypeId {
  const element = tryChannel(runtime, address)?.elementType ?? 0;
  return element > 0 ? channelHeader(runtime.types, runtime.types.byRtype(element)) : NONE;
}
