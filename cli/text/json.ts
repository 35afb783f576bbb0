// The JSON envelope of every command, written in pieces so that ten million rows need no string of their size.
import type { Finding } from "../../src/base/findings.js";

/** The contract with programs; the number changes when a field changes its meaning or goes. */
export const SCHEMA = "corescope/1";

/** What --json prints, one document. */
export interface Envelope {
  readonly schema: typeof SCHEMA;
  readonly command: string;
  readonly core: { readonly path: string; readonly goVersion: string; readonly arch: string; readonly buildId: string };
  readonly result: unknown;
  readonly findings: readonly Omit<Finding, "partial">[];
}

/** Puts an answer into its envelope; only the documented fields go in. */
export function makeEnvelope(command: string, core: Envelope["core"], result: unknown, findings: readonly Finding[]): Envelope {
  return {
    schema: SCHEMA,
    command,
    core: { path: core.path, goVersion: core.goVersion, arch: core.arch, buildId: core.buildId },
    result,
    findings: findings.map(({ partial: _, ...finding }) => finding),
  };
}

/** Elements of an array that are turned into text at once. */
const rowsAPiece = 512;

/** The value as one line of JSON in pieces, a newline at the end; text that a terminal would obey is escaped. */
export function* jsonChunks(value: unknown): Iterable<string> {
  yield* pieces(value);
  yield "\n";
}

/** Objects and arrays are taken apart only as far as they hold long arrays; everything else is one piece. */
function* pieces(value: unknown): Iterable<string> {
  if (Array.isArray(value) && value.length > rowsAPiece) {
    for (let at = 0; at < value.length; at += rowsAPiece) {
      const part = stringify(value.slice(at, at + rowsAPiece));
      yield (at === 0 ? "[" : ",") + part.slice(1, -1);
    }
    yield "]";
  } else if (isRecord(value) && holdsLongArray(value, 2)) {
    let separator = "{";
    for (const [key, item] of Object.entries(value)) {
      if (item === undefined) continue;
      yield `${separator}${stringify(key)}:`;
      yield* pieces(item);
      separator = ",";
    }
    yield "}";
  } else {
    yield stringify(value);
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether a long array is at most so many levels down: answers have theirs near the top. */
function holdsLongArray(value: Record<string, unknown>, depth: number): boolean {
  return Object.values(value).some((item) =>
    Array.isArray(item) ? item.length > rowsAPiece : depth > 0 && isRecord(item) && holdsLongArray(item, depth - 1),
  );
}

const obeyed = /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** JSON.stringify escapes C0 only; DEL, C1 and direction marks can stand nowhere but in strings. */
function stringify(value: unknown): string {
  return JSON.stringify(value ?? null).replace(obeyed, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
