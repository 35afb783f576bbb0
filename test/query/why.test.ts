import { beforeAll, describe, expect, test } from "vitest";
import { NotFoundError } from "../../src/base/errors.js";
import { silent } from "../../src/base/progress.js";
import type { Dump } from "../../src/dump.js";
import { objects } from "../../src/query/objects.js";
import { refs } from "../../src/query/refs.js";
import { type IgnoredPointer, why } from "../../src/query/why.js";
import { openFixture } from "../support/dump-cache.js";

const most = 40;

describe("why, with pointers left out", () => {
  let dump: Dump;
  beforeAll(async () => {
    dump = await openFixture("zoo-1.26-amd64");
  });
  const context = () => ({ progress: silent, findings: dump.findings });

  test("leaving out one pointer to it after the other names its referrers, until nothing holds it", () => {
    const largest = objects.run(dump, { min: 0, top: 25 }, context()).rows;
    let ended = 0;
    for (const { address } of largest) {
      const referrers = refs.run(dump, { of: address, out: false, top: 0 }, context()).rows;
      const ignore: IgnoredPointer[] = [];
      for (let n = 0; n < most; n++) {
        const answer = why.run(dump, { address, ignore }, context());
        const [path] = answer.paths;
        if (!path) {
          if (n > 0) {
            expect(answer).toMatchObject({ reachable: false, unheld: { kind: "ignored" } });
            ended++;
          }
          break;
        }
        const from = path.steps.at(-2)?.address ?? path.root.owner;
        expect(ignore.map((each) => each.from)).not.toContain(from);
        if (path.steps.length > 1) expect(referrers.map((row) => row.address)).toContain(from);
        ignore.push({ from, to: address });
      }
      expect(ignore.length).toBeLessThanOrEqual(referrers.length);
    }
    expect(ended).toBeGreaterThan(10);
  });

  test("what is to be left out must be there", () => {
    const [row] = objects.run(dump, { type: "^main[.]", min: 0, top: 1 }, context()).rows;
    const address = row?.address;
    expect(() => why.run(dump, { address, ignore: [{ from: "main.nothing", to: address }] }, context())).toThrow(NotFoundError);
    expect(() => why.run(dump, { address, ignore: [{ from: address, to: "0x10" }] }, context())).toThrow(NotFoundError);
  });
});
