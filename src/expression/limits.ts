// Bounds of an expression, each with its unit and reason.
import type { Bytes } from "../base/units.js";

/** Deeper nesting than anyone types; stops a hostile text before the stack does. */
export const DEEPEST = 1000;
/** Characters of the text. */
export const LONGEST: Bytes = 1 << 20;
