// What fields of one holder waste in one way.
import { findWaste, type Waste, type WasteKind } from "../accounting/waste-rows.js";
import type { Bytes, ObjectId } from "../base/units.js";
import type { Case } from "./case.js";

/** Part of the memory in use that one field wastes at least; several may be worth a finding together. */
const LEAST_FIELD = 0.01;

/** What fields of one holder waste in one way. */
export interface WasteHolder {
  readonly kind: WasteKind;
  /** The container of the worst value; its field, where it has no name. */
  readonly holder: string;
  /** The worst first. */
  readonly paths: readonly string[];
  readonly bytes: Bytes;
  readonly count: number;
  readonly example: ObjectId;
  /** Of the worst field. */
  readonly room?: Waste["room"];
  readonly repeated?: Waste["repeated"];
}

/** Rounding is nobody's fault. */
export function groupWaste(from: Case): readonly WasteHolder[] {
  const found = new Map<string, WasteHolder & { bytes: Bytes; count: number; paths: string[] }>();
  for (const { kind, path, bytes, count, example, room, repeated } of findWaste(from)) {
    if (bytes / from.inUse < LEAST_FIELD || kind === "size-class rounding") continue;
    const holder = containerOf(from.names.expression(example)) ?? path;
    const key = `${kind}\n${holder}`;
    const known = found.get(key);
    if (known) {
      known.bytes += bytes;
      known.count += count;
      known.paths.push(path);
    } else {
      const more = { ...(room ? { room } : {}), ...(repeated ? { repeated } : {}) };
      found.set(key, { kind, holder, paths: [path], bytes, count, example, ...more });
    }
  }
  return [...found.values()];
}

/** "main.server.sessions" of "main.server.sessions[12].Buf"; undefined of a cast, which names nobody. */
export function containerOf(expression: string): string | undefined {
  return expression.startsWith("(") ? undefined : expression.replace(/\[.*$/s, "").replace(/\.Load\(.*$/s, "");
}
