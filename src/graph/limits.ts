// Bounds of the work on graphs, each with its unit and reason.

/** Nodes from one link of a chain to the next: what a list holds its elements with, and the parts of a map. */
export const FARTHEST_LINK = 16;
/** Referrers of one node looked at when a path is varied; a hub may have millions. */
export const REFERRERS_TRIED = 256;
/** Steps up the tree in all while paths are varied, so that a list of a million nodes costs a bounded time. */
export const STEPS_WALKED = 4_000_000;
/** A sweep that met fewer nodes follows a chain: sweeping again for each of its links would take for ever. */
export const FEW_NODES = 4096;
/** Queue entries expanded by one call: the loads of a batch are independent, so their cache misses overlap. */
export const BATCH = 1024;
/** Queue entries between two ticks of progress. */
export const TICK = 1 << 18;
