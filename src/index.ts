// corescope as a library: open a dump, ask queries.
export * from "./base/errors.js";
export type { Finding } from "./base/findings.js";
export { Findings } from "./base/findings.js";
export type { Progress } from "./base/progress.js";
export { silent } from "./base/progress.js";
export type { Address, Bytes, Hex, ObjectId, TypeId } from "./base/units.js";
export { formatBytes, hex, parseAddress } from "./base/units.js";
export type { Dump, DumpFiles } from "./dump.js";
export { openDump } from "./dump.js";
export { QUERIES } from "./query/queries.js";
export type { Context, Query, Rows } from "./query/query.js";
