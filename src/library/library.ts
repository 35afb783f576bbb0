// A dump for programs: the engine on this thread, or on another one, behind one interface.
import { UsageError } from "../base/errors.js";
import type { Hex } from "../base/units.js";
import type { DumpFiles } from "../dump.js";
import type { ObjectRow } from "../query/object-rows.js";
import { QUERIES } from "../query/queries.js";
import type { Answerer } from "./answerer.js";
import { openLocal } from "./local.js";
import { openRemote } from "./remote.js";
import type { ArgsOf, AskOptions, Dump, OpenOptions, QueryName, ResultOf } from "./types.js";

/**
 * Opens a core with its executable, or a trace file.
 * @throws DumpError: not found, not ELF, not a core, of another build, not Go, without DWARF; Cancelled
 */
export async function openDump(files: DumpFiles, { worker = false, ...options }: OpenOptions = {}): Promise<Dump> {
  return dumpOf(await (worker ? openRemote : openLocal)(files, options));
}

/** The interface around those who answer. */
export function dumpOf(answerer: Answerer): Dump {
  let closing: Promise<void> | undefined;
  const ask = async <Name extends QueryName>(query: Name, args?: ArgsOf<Name>, options: AskOptions = {}): Promise<ResultOf<Name>> => {
    if (closing) throw new UsageError("the dump is closed");
    if (!Object.hasOwn(QUERIES, query)) throw new UsageError(`no query ${query}`, `one of: ${Object.keys(QUERIES).join(", ")}`);
    return answerer.ask(query, args ?? ({} as ArgsOf<Name>), options);
  };
  const close = () => {
    closing ??= answerer.close();
    return closing;
  };
  return {
    ask,
    objects: (selection = {}, options = {}) => visitObjects((after) => ask("object page", { ...selection, ...after }, options)),
    findings: () => answerer.findings(),
    close,
    [Symbol.dispose]: () => void close(),
    [Symbol.asyncDispose]: close,
  };
}

async function* visitObjects(
  read: (after: { readonly after?: Hex }) => Promise<ResultOf<"object page">>,
): AsyncGenerator<ObjectRow, void, undefined> {
  let page = await read({});
  yield* page.rows;
  while (page.more) {
    page = await read({ after: page.rows[page.rows.length - 1].address });
    yield* page.rows;
  }
}
