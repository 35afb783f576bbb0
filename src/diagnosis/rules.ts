// Every rule, in one list. A rule says what it looks at, how much it weighs and what it measures; cli/views/suspects.ts words it.
import { blockedGoroutines, goroutineStacks, oneGoroutine } from "./goroutine-rules.js";
import { forgottenMappings, nativeMemory } from "./native-rules.js";
import {
  accumulation,
  callbacks,
  contextsNeverCancelled,
  equalObjects,
  finalizerBacklog,
  fullChannel,
  largeObject,
  syncPool,
  timersNeverStopped,
} from "./point-rules.js";
import { fragmentation, freeHeap, garbage, gcAtItsLimit } from "./process-rules.js";
import type { LooksAt, Rule } from "./rule.js";
import { wasteRules } from "./waste-rules.js";

/** Of the rules about points the first that has something to say speaks, so the special ones come before the general. */
export const RULES: readonly { readonly [At in LooksAt]: Rule<At> }[LooksAt][] = [
  finalizerBacklog,
  contextsNeverCancelled,
  timersNeverStopped,
  fullChannel,
  callbacks,
  syncPool,
  equalObjects,
  largeObject,
  accumulation,
  goroutineStacks,
  blockedGoroutines,
  oneGoroutine,
  ...wasteRules,
  garbage,
  freeHeap,
  fragmentation,
  nativeMemory,
  forgottenMappings,
  gcAtItsLimit,
];

/** The rules that look at one kind of thing. */
export function rulesOf<At extends LooksAt>(at: At): readonly Rule<At>[] {
  return RULES.filter((rule): rule is Rule<At> & (typeof RULES)[number] => rule.looksAt === at);
}
