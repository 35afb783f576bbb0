import { expect, test } from "vitest";
import { bytesSource } from "../../src/base/source.js";
import { EV } from "../../src/trace/events.js";
import { exportTrace } from "../../src/trace/export.js";
import { readGenerations } from "../../src/trace/reader.js";
import { readMessage } from "../support/protobuf.js";
import { clock, events, file, strings, THREAD_A, twoThreads } from "./samples.js";

const exported = (bytes: Uint8Array, format: "chrome" | "perfetto") =>
  Buffer.concat([
    ...exportTrace(readGenerations(bytesSource("test", bytes)), { format, marks: [], functions: new Map([[1, "main.main"]]) }),
  ]);

interface ChromeEvent {
  readonly ph: string;
  readonly pid: number;
  readonly tid?: number;
  readonly name: string;
  readonly ts?: number;
  readonly dur?: number;
}
const chrome = (bytes: Uint8Array) => (JSON.parse(exported(bytes, "chrome").toString()) as { traceEvents: ChromeEvent[] }).traceEvents;

test("a goroutine's states lie one after the other on its track, and what it ran on its P's", () => {
  const slices = chrome(file(26, [twoThreads(26)])).filter((each) => each.ph === "X");
  const own = slices.filter((each) => each.pid === 2 && each.tid === 12).sort((a, b) => (a.ts ?? 0) - (b.ts ?? 0));
  expect(own.map((each) => each.name)).toEqual(["runnable: created", "running", "waiting: chan receive", "runnable: unblocked", "running"]);
  for (const [i, each] of own.entries()) if (i > 0) expect(each.ts).toBeCloseTo((own[i - 1]?.ts ?? 0) + (own[i - 1]?.dur ?? 0), 6);
  expect(slices.filter((each) => each.pid === 1 && each.tid === 1)).toHaveLength(2);
});

test("a region that ends out of order is on a track of its own", () => {
  const list = [
    [EV.ProcStatus, 0, 0, 1],
    [EV.GoStatus, 0, 1, THREAD_A, 2],
    [EV.UserRegionBegin, 10, 0, 1, 0],
    [EV.UserRegionBegin, 10, 0, 2, 0],
    [EV.UserRegionEnd, 10, 0, 1, 0],
    [EV.UserRegionEnd, 10, 0, 2, 0],
  ] as const;
  const bytes = file(26, [[clock(1, 26), events(1, THREAD_A, 1000, list), strings(1, { 1: "outer", 2: "inner" })]]);
  const regions = chrome(bytes).filter((each) => each.ph === "X" && each.pid === 3);
  expect(regions.map((each) => each.name).sort()).toEqual(["inner", "outer"]);
  expect(new Set(regions.map((each) => each.tid)).size).toBe(2);
});

test("of nothing it is a file of nothing, in both formats", () => {
  const empty = file(22, []);
  expect(chrome(empty).filter((each) => each.ph !== "M")).toEqual([]);
  for (const packet of readMessage(exported(empty, "perfetto"))) expect(packet.number).toBe(1);
});
