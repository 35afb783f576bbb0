// Damage met and skipped: counted by code, the first example kept.
import type { Bytes } from "./units.js";

/** One kind of damage or doubt; message says what it means for the answer. */
export interface Finding {
  readonly code: string;
  readonly message: string;
  readonly count: number;
  readonly example: string;
  /** How much memory it is about; absent: it is about none, or nobody knows how much. */
  readonly bytes?: Bytes;
  /** true: the answer lacks something because of it (exit code 4). */
  readonly partial: boolean;
}

/** Collects findings; bounded by the number of codes, not of events. */
export class Findings {
  private readonly byCode = new Map<
    string,
    { code: string; message: string; count: number; example: string; bytes?: Bytes; partial: boolean }
  >();

  /** Counts one event; the first message and example of a code are kept, counts and bytes are sums. */
  add(
    code: string,
    message: string,
    example = "",
    options: { readonly partial?: boolean; readonly count?: number; readonly bytes?: Bytes } = {},
  ): void {
    const count = options.count ?? 1;
    const known = this.byCode.get(code);
    const { bytes, partial = false } = options;
    if (!known) this.byCode.set(code, { code, message, count, example, ...(bytes === undefined ? {} : { bytes }), partial });
    else {
      known.count += count;
      if (bytes !== undefined) known.bytes = (known.bytes ?? 0) + bytes;
    }
  }

  list(): readonly Finding[] {
    return [...this.byCode.values()];
  }
}
