// Damage met and skipped: counted by code, the first example kept.

/** One kind of damage or doubt; message says what it means for the answer. */
export interface Finding {
  readonly code: string;
  readonly message: string;
  readonly count: number;
  readonly example: string;
  /** true: the answer lacks something because of it (exit code 4). */
  readonly partial: boolean;
}

/** Collects findings; bounded by the number of codes, not of events. */
export class Findings {
  private readonly byCode = new Map<string, { code: string; message: string; count: number; example: string; partial: boolean }>();

  /** Counts one event; the first message and example of a code are kept. */
  add(code: string, message: string, example = "", options: { readonly partial?: boolean; readonly count?: number } = {}): void {
    const count = options.count ?? 1;
    const known = this.byCode.get(code);
    if (known) known.count += count;
    else this.byCode.set(code, { code, message, count, example, partial: options.partial ?? false });
  }

  list(): readonly Finding[] {
    return [...this.byCode.values()];
  }
}
