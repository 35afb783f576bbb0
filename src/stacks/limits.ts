// Bounds of what is read of stacks, each with its unit and reason.

/** Frames from either end among which the program's own is looked for. */
export const DEEPEST_PLACE = 200;
/** Frames whose variables are looked through for a name to offer. */
export const MOST_OFFERED_FROM = 100;
/** Names that are offered for one that was mistyped. */
export const MOST_OFFERED = 3;
