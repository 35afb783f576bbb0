// The tables at the end of a generation: stacks and texts that the runtime has given ids to and not yet written, and new ones.
import { EV } from "../trace/events.js";
import { MOST_STRING_BYTES } from "../trace/limits.js";
import { NO_THREAD } from "../trace/wire.js";
import { BatchMaker } from "./batch-maker.js";
import type { FoundBatch } from "./buffers.js";
import type { Inventory } from "./inventory.js";
import { stackWords } from "./stacks.js";
import { entryText, type TraceMap } from "./tracer-state.js";
import type { Unfinished } from "./unfinished.js";

/** Batches of one of the tables, and how many entries are in them. */
export interface WrittenTable {
  readonly batches: readonly FoundBatch[];
  readonly count: number;
}

/** Ids of stacks by their contents: those of the runtime's table, and ids that follow them for new stacks. */
export class StackIds {
  /** Stacks that the runtime's table has not: words by id. */
  readonly added = new Map<number, readonly number[]>();
  private readonly ids = new Map<string, number>();
  private last: number;

  /** @param most the largest id that the batches at hand define */
  constructor(table: TraceMap, most: number) {
    this.last = Math.max(table.lastId, most);
    for (const [id, bytes] of table.byId) {
      this.ids.set(stackWords(bytes).join(), id);
      if (id > this.last) this.last = id;
    }
  }

  /** The id of a stack, a new one for a new stack; 0 of no words. */
  of(words: readonly number[]): number {
    if (words.length === 0) return 0;
    const key = words.join();
    let id = this.ids.get(key);
    if (id === undefined) {
      id = ++this.last;
      this.ids.set(key, id);
      this.added.set(id, words);
    }
    return id;
  }
}

/** Ids of texts by their contents, as StackIds. */
export class StringIds {
  /** Texts that the runtime's table has not: bytes by id. */
  readonly added = new Map<number, Uint8Array>();
  private readonly ids = new Map<string, number>();
  private last: number;

  /**
   * A tail cannot name a text of the part that is not at hand, because nobody knows which of them are there: it writes its own.
   * @param known what the batches at hand define
   */
  constructor(table: TraceMap, known: Inventory, isTail: boolean) {
    this.last = Math.max(table.lastId, known.mostString);
    for (const [id, bytes] of table.byId) {
      if (id > this.last) this.last = id;
      if (!isTail || known.strings.has(id)) this.ids.set(entryText(bytes), id);
    }
  }

  /** The id of a text, a new one for a new text; 0 of no bytes. */
  of(bytes: Uint8Array): number {
    if (bytes.length === 0) return 0;
    const text = entryText(bytes);
    let id = this.ids.get(text);
    if (id === undefined) {
      id = ++this.last;
      this.ids.set(text, id);
      this.added.set(id, bytes);
    }
    return id;
  }
}

/**
 * Stacks: those of the runtime's table that are in no batch yet, new ones, and an empty one for each that events name and that is lost.
 * Their texts get ids on the way, so they come before the table of texts. runtime/tracestack.go dump
 */
export function writeStacks(given: Unfinished, known: Inventory, table: TraceMap, stacks: StackIds, strings: StringIds): WrittenTable {
  const maker = new BatchMaker(given.generation, NO_THREAD, known.lastTime, EV.Stacks);
  const defined = new Set([0, ...known.stacks]);
  let count = 0;
  const put = (id: number, words: readonly number[]): void => {
    const frames = given.expander.frames(words);
    const to = maker.record().byte(EV.Stack).varint(id).varint(frames.length);
    for (const frame of frames) {
      to.varint(frame.pc).varint(strings.of(frame.function)).varint(strings.of(frame.file)).varint(frame.line);
    }
    defined.add(id);
    count++;
  };
  for (const [id, bytes] of table.byId) if (!defined.has(id)) put(id, stackWords(bytes));
  for (const [id, words] of stacks.added) put(id, words);
  for (const id of given.isTail ? [] : known.usedStacks) {
    if (defined.has(id)) continue;
    given.findings.add("trace-stack", "a stack that events name is lost; they are shown without it", `stack ${id}`, { partial: true });
    defined.add(id);
    maker.record().byte(EV.Stack).varint(id).varint(0);
  }
  return { batches: maker.flush(), count };
}

/**
 * Texts: those of the runtime's table that are in no batch yet, new ones, and "?" for each that events or frames name and that is lost.
 * The format allows 1024 bytes; longer ones are cut, as the runtime does. runtime/tracestring.go
 */
export function writeStrings(given: Unfinished, known: Inventory, table: TraceMap, strings: StringIds): WrittenTable {
  const maker = new BatchMaker(given.generation, NO_THREAD, known.lastTime, EV.Strings);
  const defined = new Set([0, ...known.strings]);
  let count = 0;
  const put = (id: number, bytes: Uint8Array): void => {
    const cut = bytes.subarray(0, MOST_STRING_BYTES);
    maker.record().byte(EV.String).varint(id).varint(cut.length).put(cut);
    defined.add(id);
    count++;
  };
  if (!given.isTail) for (const [id, bytes] of table.byId) if (!defined.has(id)) put(id, bytes);
  for (const [id, bytes] of strings.added) put(id, bytes);
  for (const id of given.isTail ? [] : known.usedStrings) {
    if (defined.has(id)) continue;
    given.findings.add("trace-string", "a text that events name is lost; it is shown as ?", `string ${id}`, { partial: true });
    put(id, new TextEncoder().encode("?"));
  }
  return { batches: maker.flush(), count };
}
