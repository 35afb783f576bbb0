/** What only the arrays, closures and maps on a stack hold has its type and a name: dumps/testdata/things, stacked.go. */
import { describe, expect, it } from "vitest";
import { type DumpWish, makeDump } from "../../scripts/make-dumps.mjs";
import { silent } from "../../src/base/progress.js";
import type { Hex } from "../../src/base/units.js";
import { openDump } from "../../src/dump.js";
import { locate, targetOf } from "../../src/naming/locate.js";
import { refs } from "../../src/query/refs.js";
import { show } from "../../src/query/show.js";
import { why } from "../../src/query/why.js";
import { missingGo, nameOf, releases } from "../support/dump-cache.js";

const full = process.env.CORESCOPE_TIER === "full";

interface StackedObject {
  readonly Type: string;
  readonly Address: Hex;
  /** Of a goroutine: "main.makes.s[2]". */
  readonly Expressions: readonly string[];
}

const plain = ["-gcflags=all=-N -l"];
const wishes = (full ? releases : ["1.21.13", "1.24.13", "1.27.2"]).flatMap((go): DumpWish[] =>
  [[], plain].map((flags) => ({ program: "things", go, flags })),
);

/** Optimised code keeps no pointer to these anywhere: it knows where in its frame they are. */
const UNREACHED = ["main.OnlyRow", "main.OnlyWords", "main.OnlyMapped"];
/** Before Go 1.23 nothing says what a closure that is made on a stack captures. */
const withoutCaptures = (go: string) => (/^1\.2[12]\./.test(go) ? ["main.OnlyEnclosed"] : []);
/** Optimised code that needs the capacity of a slice no more has not kept it: the array has its type, and no name. */
const UNNAMED = ["main.OnlyPart", "main.OnlyPassed", "main.OnlyListed"];

for (const wish of wishes) {
  const missing = await missingGo(wish.go);
  const name = nameOf(wish);
  describe.skipIf(missing !== undefined)(missing ? `${name} (${missing})` : name, () => {
    it("types and names it, and never wrongly", async () => {
      const made = await makeDump(wish);
      const dump = await openDump({ core: made.core, executable: made.executable }, silent);
      const context = { progress: silent, findings: dump.findings };
      const isPlain = wish.flags !== undefined && wish.flags.length > 0;
      const untyped = [...withoutCaptures(wish.go), ...(isPlain ? [] : UNREACHED)];
      const unnamed = [...untyped, ...(isPlain ? [] : UNNAMED)];
      const wrong: string[] = [];
      const stacked = made.truth.stacked as readonly StackedObject[];
      for (const { Type, Address, Expressions } of stacked) {
        const { object, paths } = why.run(dump, { address: Address }, context);
        const text = paths[0]?.steps.at(-1)?.expression ?? "";
        if (object.type !== Type && !(object.type === "unknown" && untyped.includes(Type)))
          wrong.push(`${Address} ${Type}: ${object.type}`);
        const isNamed = Expressions.includes(text.replace(/^g[0-9]+\./, ""));
        if (!isNamed && !(unnamed.includes(Type) && /^(?:\(\*[\w.]+\)|unsafe\.Pointer)\(0x/.test(text)))
          wrong.push(`${Address} ${Type}: ${text}, not ${Expressions.join(" or ")}`);
        if (!isNamed) continue;
        if (dump.heap.objects.addressOf(targetOf(dump, locate(dump, text))) !== Number(Address)) wrong.push(`${text} is not ${Address}`);
        expect(show.run(dump, { of: text, depth: 1, offset: 0, top: 1 }, context).value.type).toBe(`*${Type}`);
        expect(why.run(dump, { address: text }, context).object.address).toBe(Address);
        expect(refs.run(dump, { of: text, out: false, top: 0 }, context).rows.map((row) => row.expression)).toContain(text);
      }
      dump.close();
      expect(wrong).toEqual([]);
      expect(new Set(stacked.map((each) => each.Type)).size).toBe(12);
    });
  });
}
