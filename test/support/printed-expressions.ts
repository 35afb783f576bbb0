/** Expressions that commands print, a few of every shape of each command. */
import { silent } from "../../src/base/progress.js";
import type { Dump } from "../../src/dump.js";
import { blocked } from "../../src/query/blocked.js";
import { dominators } from "../../src/query/dominators.js";
import { goroutine } from "../../src/query/goroutine.js";
import { histogram } from "../../src/query/histogram.js";
import { objects } from "../../src/query/objects.js";
import { refs } from "../../src/query/refs.js";
import { suspects } from "../../src/query/suspects.js";
import { waste } from "../../src/query/waste.js";
import { why } from "../../src/query/why.js";

/** One expression: what printed it, and the object it was printed of where that was told. */
export interface Printed {
  readonly from: string;
  readonly expression: string;
  readonly address: string | undefined;
  readonly live: boolean;
  readonly kind: string;
}

/** Of each shape so many a command. */
const EACH = 2;
const OBJECTS = process.env.CORESCOPE_TIER === "full" ? 2000 : 100;

/** Expressions of all commands, and of the paths to some addresses: all of what they print is gone through, of equal shapes the first two are taken. */
export function collectExpressions(dump: Dump, addresses: readonly string[] = []): Printed[] {
  const context = { progress: silent, findings: dump.findings };
  const out: Printed[] = [];
  const seen = new Map<string, number>();
  const add = (from: string, expression: string | undefined, address?: string, live = true): void => {
    if (expression === undefined || expression === "") return;
    const shape = `${from} ${shapeOf(expression)}`;
    const count = seen.get(shape) ?? 0;
    if (count >= EACH) return;
    seen.set(shape, count + 1);
    out.push({ from, expression, address, live, kind: kindOf(expression) });
  };
  type Row = ReturnType<typeof dominators.run>;
  const walk = (from: string, row: Row): void => {
    add(from, row.expression, row.address);
    add(from, row.example);
    for (const child of row.children ?? []) walk(from, child);
  };
  for (const group of ["none", "type", "package"] as const)
    walk(`dominators --group ${group}`, dominators.run(dump, { depth: 6, min: 1, group, top: 200 }, context));
  for (const row of suspects.run(dump, { top: 0 }, context).rows) add("suspects", row.subject.expression);
  for (const row of waste.run(dump, { top: 0, min: 0 }, context).rows) add("waste", row.example);
  for (const row of blocked.run(dump, { top: 0 }, context).rows) add("blocked", row.address);
  for (const row of histogram.run(dump, { by: "type", garbage: false, top: 0, sort: "bytes" }, context).rows.slice(0, 300)) {
    const [first] = objects.run(dump, { type: row.type, min: 0, top: 1 }, context).rows;
    add("objects", first?.address, first?.address, false);
  }
  // Paths and referrers of objects spread over the whole heap.
  const { heap } = dump;
  const step = Math.max(1, Math.floor(heap.objects.count / OBJECTS));
  for (let id = 0; id < heap.objects.count; id += step) {
    if (!heap.isLive(id)) continue;
    const address = `0x${heap.objects.addressOf(id).toString(16)}`;
    for (const path of why.run(dump, { address }, context).paths) for (const each of path.steps) add("why", each.expression, each.address);
    for (const isOut of [false, true]) {
      // Asked of a channel's buffer, it answers of the channel.
      const { rows, object } = refs.run(dump, { of: address, out: isOut, top: 5 }, context);
      for (const row of rows) add(isOut ? "refs --out" : "refs", row.expression, isOut ? row.address : object.address, row.live);
    }
  }
  for (const address of addresses)
    for (const { steps } of why.run(dump, { address }, context).paths)
      for (const each of steps) add("why of what the program names", each.expression, each.address);
  for (const { id } of dump.runtime.goroutines.all) {
    if (id === 0) continue;
    const answer = goroutine.run(dump, { id, depth: 1 }, context);
    for (const frame of answer.frames) for (const variable of frame.variables) add("goroutine", variable.expression);
  }
  return out;
}

/** Names, numbers and texts of an expression left out: what is to be told apart is how it is put together. */
function shapeOf(expression: string): string {
  return expression
    .replace(/"(?:[^"\\]|\\.)*"/g, "S")
    .replace(/0x[0-9a-f]+/g, "A")
    .replace(/[\p{L}\p{Nd}_%·$~@+-]+/gu, (word) =>
      /^g[0-9]+$/.test(word) ? "g" : /^(Load|key|buf|unsafe|Pointer)$/.test(word) ? word : /^[0-9]+$/.test(word) ? "N" : "x",
    )
    .replace(/x(?:[./]x)+/g, "x");
}

function kindOf(expression: string): string {
  if (/\(\*func .*\)\(0x[0-9a-f]+\)\./.test(expression)) return "captured variable";
  if (/\.key\[/.test(expression)) return "key";
  if (/\.\(/.test(expression) && !/^g[0-9]+\./.test(expression)) return "assertion";
  if (/^g[0-9]+\./.test(expression)) return "variable of a goroutine";
  if (/\["/.test(expression)) return "map entry";
  if (/\[[0-9]+\]$/.test(expression)) return "element";
  return expression.includes("(") ? "cast" : "field";
}
