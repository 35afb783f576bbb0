import { expect, it } from "vitest";
import { openDump } from "../../src/dump.js";
import { dump as made, releases } from "../support/dump-cache.js";
import { countTypes, differences, lost, memStats, mistyped, spansOff, unreachable } from "./measure.js";

for (const program of ["leaky", "zoo", "garbage"]) for (const go of releases) {
  it(`${program} ${go}`, async (context) => {
    const { core, executable, truth } = await made({ program, go }, context);
    const dump = await openDump({ core, executable });
    const rows: unknown[] = [];
    rows.push(spansOff(dump).length, spansOff(dump).slice(0, 3));
    rows.push(`objects ${dump.heap.objects.count} ${truth.memStats["HeapObjects"]} bytes ${dump.heap.objects.bytes} ${truth.memStats["HeapAlloc"]}`);
    const u = unreachable(dump);
    if (program !== "garbage") rows.push(`unreachable ${u.length}`, u.slice(0, 40).map((x) => `${x.type} ${x.bytes} ${x.reason[0]} ${x.address.toString(16)}`));
    else rows.push(differences(countTypes(dump, false), truth.garbage!), u.length);
    const live = {...truth.types};
    for (const [k, n] of Object.entries(truth.garbage ?? {})) live[k] -= n;
    rows.push("types", differences(countTypes(dump, true), live));
    rows.push("lost", lost(dump, truth), "mistyped", mistyped(dump, truth));
    rows.push(`typed ${dump.heap.typedBytes / dump.heap.liveBytes}`);
    const unt = [...countTypes(dump, true)].filter(([n]) => n === "unknown");
    rows.push(unt);
    rows.push(Object.entries(memStats(dump)).filter(([k, v]) => v !== truth.memStats[k]).map(([k, v]) => `${k}: ${v} said ${truth.memStats[k]}`));
    const m = dump.runtime.memoryClasses;
    rows.push(m.mappedBytes - m.classes.reduce((a, b) => a + b.bytes, 0));
    console.log(program, go, JSON.stringify(rows, null, 0).replaceAll('","', '"\n   "'));
    dump.close();
    expect(1).toBe(1);
  });
}
