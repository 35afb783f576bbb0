// Every query by name.
import { dominators } from "./dominators.js";
import { histogram } from "./histogram.js";
import { mappings } from "./mappings.js";
import { objects } from "./objects.js";
import { overview } from "./overview.js";
import { read } from "./read.js";
import { refs } from "./refs.js";
import { show } from "./show.js";
import { why } from "./why.js";

export const QUERIES = { overview, histogram, objects, dominators, refs, show, why, mappings, read } as const;
