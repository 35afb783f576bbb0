// The switch between values and what they are made of: maps, channels, builders and buffers, or their tables, groups and bytes.
import type { Place, PlaceArgs, ScreenKey } from "../screen.js";

type WithParts = PlaceArgs & { readonly parts?: boolean };

/** What a query is asked with. */
export function partsOf(args: WithParts): { readonly parts?: boolean } {
  return args.parts === true ? { parts: true } : {};
}

/** The key that turns it, of a screen whose place is made so. */
export function partsKey<Args extends WithParts>(place: (args: Args) => Place): ScreenKey<Args> {
  return {
    key: "m",
    help: "maps in parts",
    stays: true,
    go: (args) => place({ ...args, parts: args.parts !== true }),
  };
}
