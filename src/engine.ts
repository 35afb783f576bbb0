// corescope/engine: what corescope is made of, for those who build on it. Nothing here is promised: it may change with any release.
// openDump reads on the calling thread, RemoteDump on another; QUERIES are the questions that both can be asked.
export { Findings } from "./base/findings.js";
export { type Progress, silent } from "./base/progress.js";
export { type Dump, type DumpFiles, isTraceFile, openDump, type TraceAccess } from "./dump.js";
export { QUERIES } from "./query/queries.js";
export type { Context, Query } from "./query/query.js";
export { type Asked, RemoteDump, type RemoteProgress } from "./worker/worker.js";
