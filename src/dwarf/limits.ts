// Bounds of what is read of debug information, each with its unit and reason. Beyond most of them is damage that would not end.

/** Steps along DW_AT_abstract_origin and DW_AT_specification; compilers make two. */
export const MOST_ORIGINS = 8;
/** How often .debug_abbrev is read in all; once when nothing is damaged, twice when versions 4 and 5 are mixed. */
export const MOST_REREADS = 16;
/** Codes of abbreviations below are rows of an array, others keys of a map; compilers count from 1. */
export const DENSE_CODES = 1 << 16;
/** Operations of one expression; Go writes a handful. */
export const MOST_OPERATIONS = 1024;
/** Values on the stack of an expression. */
export const MOST_STACKED = 256;
/** DIEs below one subprogram: its variables, blocks and inlined calls. */
export const MOST_SCOPE_DIES = 1 << 20;
/** Places in the code for which the location of one variable is kept. */
export const MOST_PLACES_REMEMBERED = 1024;
/** Entries of the range list or location list of one DIE. */
export const MOST_LIST_ENTRIES = 1 << 16;
/** Typedefs and arrays that are followed for a size. */
export const MOST_NESTED_TYPES = 64;
/** Fields of a struct, dimensions of an array. */
export const MOST_CHILDREN = 1 << 16;
