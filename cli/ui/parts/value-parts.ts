// The switch between values and what they are made of: maps, channels, builders and buffers, or their tables, groups and bytes.
import type { PlaceArgs, Screen } from "../screen.js";

/** What a query is asked with. */
export function partsOf(args: PlaceArgs): { readonly parts?: boolean } {
  return args.parts === true ? { parts: true } : {};
}

/** The key that turns it, of a screen. */
export function partsKey(screen: string): NonNullable<Screen["keys"]>[number] {
  return {
    key: "m",
    help: "maps in parts",
    stays: true,
    go: (args) => ({ screen, args: { ...args, parts: args.parts !== true } }),
  };
}
