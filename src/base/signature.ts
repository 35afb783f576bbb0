// A short hash of what stays the same of a thing from build to build and from process to process.

/** Two multipliers of the FNV family: 32 bits of each, so that thousands of findings have names of their own. */
const PRIMES = [0x01000193, 0x85ebca6b] as const;
const BASIS = 0x811c9dc5;
/** Hexadecimal digits of a signature. */
const DIGITS = 12;

/** The hash of parts in their order; an empty part counts as one. */
export function signatureOf(parts: readonly string[]): string {
  const text = parts.join("\n");
  return PRIMES.map((prime) => fnv(text, prime).toString(16).padStart(8, "0"))
    .join("")
    .slice(0, DIGITS);
}

/** FNV-1a over UTF-16 units, and a last mix, since its high bits are slow to change. */
function fnv(text: string, prime: number): number {
  let hash = BASIS;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), prime);
  hash = Math.imul(hash ^ (hash >>> 15), prime);
  return (hash ^ (hash >>> 13)) >>> 0;
}

/**
 * A holder's expression without what is of one process or one build: keys and indexes, addresses, goroutines and calls by number.
 * `main.cache["a"].list[3]` is `main.cache[].list[]`, `g17.main.run.func2.s` is `g.main.run.func.s`.
 */
export function pathShape(expression: string): string {
  const unkeyed = expression.replace(/\["(?:[^"\\]|\\.)*"\]/g, "[]").replace(/([\w)\]])\[[^[\]]*\]/g, "$1[]");
  return functionShape(unkeyed)
    .replace(/\(0x[0-9a-f]+\)|\b0x[0-9a-f]+\b/g, "")
    .replace(/^g\d+\./, "g.")
    .replace(/^goroutine \d+/, "goroutine")
    .replace(/#\d+/g, "");
}

/** A function's name without the numbers that the compiler gives to closures and wrappers: they change with lines above. */
export function functionShape(name: string): string {
  return name.replace(/\.(func|gowrap|deferwrap)\d+(?:\.\d+)*/g, ".$1").replace(/-range\d+/g, "-range");
}
