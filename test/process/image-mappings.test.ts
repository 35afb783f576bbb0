import { describe, expect, it } from "vitest";
import { fillFromImages } from "../../src/process/image-mappings.js";
import type { Mapping } from "../../src/process/mappings.js";
import { executableBytes, open, TEXT } from "./sample.js";

const PAGE = 4096;

describe("fillFromImages", () => {
  const image = open(executableBytes({ type: "DYN" }), "exe");
  const missing = (start: number, pages: number, flags = 5): Mapping => ({
    start,
    end: start + pages * PAGE,
    flags,
    path: "",
    backing: "not-dumped",
  });
  const fill = (mappings: readonly Mapping[], bias = 0) =>
    fillFromImages(mappings, [{ image, bias }]).map(({ start, end, backing, flags }) => [
      start,
      end,
      flags,
      typeof backing === "string" ? backing : backing.offset,
    ]);

  it("fills read-only memory that is missing, page by page, and leaves the rest missing", () => {
    expect(fill([missing(TEXT + PAGE, 5, 4)])).toEqual([
      [TEXT, TEXT + PAGE, 5, 0],
      [TEXT + PAGE, TEXT + 3 * PAGE, 4, PAGE],
      [TEXT + 3 * PAGE, TEXT + 6 * PAGE, 4, "not-dumped"],
    ]);
  });

  it("never fills memory that could be written to", () => {
    expect(fill([missing(TEXT, 3, 6), missing(TEXT + 0x100000, 1, 6)])).toEqual([
      [TEXT, TEXT + 3 * PAGE, 6, "not-dumped"],
      [TEXT + 0x100000, TEXT + 0x101000, 6, "not-dumped"],
    ]);
  });

  it("lays an image where it was loaded, though nothing is listed there", () => {
    expect(fill([], 0x7000_0000)).toEqual([[TEXT + 0x7000_0000, TEXT + 0x7000_0000 + 3 * PAGE, 5, 0]]);
  });
});
