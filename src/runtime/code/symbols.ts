// Values that are not known yet, told apart: what a call answered, what lay at an address. Numbers, so that offsets can be added.
import type { Address } from "../../base/units.js";
import { MOST_SYMBOLS } from "../limits.js";

/** Distance of two symbols: more than any offset. */
const DISTANCE = 2 ** 33;

/** Whether a value is a symbol, or an offset from one. */
export function isSymbol(value: number): boolean {
  return value <= -DISTANCE;
}

/** Symbols of one goroutine. */
export class Symbols {
  private count = 0;
  private readonly byOrigin = new Map<string, number>();
  private readonly loaded = new Map<number, Address>();
  private readonly bound = new Map<number, Address>();

  /** The same origin, the same symbol; NaN when there are too many. */
  of(origin: string): number {
    let symbol = this.byOrigin.get(origin);
    if (symbol === undefined) {
      if (this.count >= MOST_SYMBOLS) return Number.NaN;
      symbol = -(++this.count + 1) * DISTANCE;
      this.byOrigin.set(origin, symbol);
    }
    return symbol;
  }

  /** What lies at an address that is itself not known. */
  at(address: number): number {
    const symbol = this.of(`at ${address}`);
    this.loaded.set(symbol, address);
    return symbol;
  }

  /** Says what a value turned out to be. */
  bind(value: number, known: Address): void {
    if (!isSymbol(value) || !(known > 0)) return;
    const symbol = baseOf(value);
    if (!this.bound.has(symbol)) this.bound.set(symbol, known - (value - symbol));
  }

  /** NaN when it is not known what it stands for. @param read a word of memory */
  resolve(value: number, read: (address: Address) => number, depth = 0): number {
    if (!isSymbol(value)) return value;
    const symbol = baseOf(value);
    const known = this.bound.get(symbol);
    if (known !== undefined) return known + (value - symbol);
    const address = this.loaded.get(symbol);
    const place = address === undefined || depth > 8 ? Number.NaN : this.resolve(address, read, depth + 1);
    return place > 0 ? read(place) + (value - symbol) : Number.NaN;
  }
}

function baseOf(value: number): number {
  return Math.round(value / DISTANCE) * DISTANCE;
}
