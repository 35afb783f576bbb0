// What the members of a container say for a leak, or against.
import type { Bytes } from "../base/units.js";

/** One thing that was found out, in figures. Times are ns since the process started, shares 0 to 1. */
export type Sign =
  | { readonly sign: "finished" | "expired"; readonly type: string; readonly field: string; readonly share: number }
  | { readonly sign: "expiring"; readonly field: string; readonly share: number }
  /** A field's times run from `from` to `to` of the `life` of the process. */
  | { readonly sign: "all-ages" | "since-start"; readonly field: string; readonly from: number; readonly to: number; readonly life: number }
  | { readonly sign: "numbers-in-turn"; readonly field: string; readonly from: number; readonly to: number }
  | { readonly sign: "bounded-by-field"; readonly field: string; readonly limit: number | Bytes; readonly of: "members" | "bytes" }
  | { readonly sign: "evicting-list" | "scattered" | "allocated-together" | "few" | "leak-name" | "steady-name" };

export type SignId = Sign["sign"];
