// Every query by name.
import { dominators } from "./dominators.js";
import { goroutine } from "./goroutine.js";
import { goroutines } from "./goroutines.js";
import { histogram } from "./histogram.js";
import { mappings } from "./mappings.js";
import { objects } from "./objects.js";
import { overview } from "./overview.js";
import { read } from "./read.js";
import { refs } from "./refs.js";
import { show } from "./show.js";
import { waste } from "./waste.js";
import { why } from "./why.js";

export const QUERIES = { overview, histogram, goroutines, goroutine, objects, dominators, refs, show, waste, why, mappings, read } as const;
