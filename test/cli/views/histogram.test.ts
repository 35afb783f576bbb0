import { expect, test } from "vitest";
import { cellsOf } from "../../../cli/text/table.js";
import { histogramColumns } from "../../../cli/views/histogram.js";

const row = { type: "main.User", count: 1200, bytes: 96_000, retainedBytes: 192_000, evidence: { guess: 700 } };
const answer = { rows: [row], total: { rows: 1, objects: 1200, bytes: 384_000, parts: 0 } } as unknown as Parameters<
  typeof histogramColumns
>[0];

test("a row's share is of what its look says, a guess is marked, and the title of the order too", () => {
  const look = { by: "type", name: "name", withRetained: true, part: ({ bytes }: { readonly bytes: number }) => bytes };
  const columns = histogramColumns(answer, { ...look, sort: "retained" });
  expect(columns.map(({ title }) => title)).toEqual(["count", "bytes", "retained▼", "share", "", "name"]);
  expect(cellsOf(columns, answer.rows[0])).toEqual(["1,200", "93.8 KiB", "187.5 KiB", "25%", "██▌", "main.User ?"]);
});

test("what holders retain is what they hold alone; without it there is no column", () => {
  const titles = (by: string, withRetained: boolean) =>
    histogramColumns(answer, { by, name: by, withRetained, part: () => 0 }).map(({ title }) => title);
  expect(titles("owner", true)).toContain("alone");
  expect(titles("owner", false)).toEqual(["count", "bytes", "share", "", "owner"]);
});
