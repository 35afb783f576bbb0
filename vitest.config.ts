import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

/** What `npm run check` leaves to `npm test`, which CI runs too: seconds of one file for what the quick tests nearly hold. */
const leftOut = [
  // Every command on the releases between: golden.test.ts asks the same of the demo and of the newest release.
  "test/golden/releases.test.ts",
  // Waits for screens in a real terminal: the other tests of test/cli/ui press the same keys without one.
  "test/cli/ui/journey.test.ts",
  // Builds copies of the project and starts Node for each word: the other tests of test/cli run the same program in their own process.
  "test/cli/launcher.test.ts",
  // Unpacks every committed core to look for names of machines: no change of a source can put one there.
  "test/fixtures.test.ts",
  // Ask all committed cores, or hundreds of damaged ones, what the tests beside them ask of one.
  "test/cli/bad-input.test.ts",
  "test/cli/piped.test.ts",
  "test/cli/ui/anywhere.test.ts",
  "test/damage/recipes.test.ts",
  "test/dwarf/damage.test.ts",
  "test/library/dump.test.ts",
  "test/query/doctor.test.ts",
  "test/query/suspects.test.ts",
  "test/recorder/recorder.test.ts",
  "test/runtime/binary/find-module.test.ts",
  "test/runtime/binary/release-by-code.test.ts",
  "test/runtime/damaged-accounts.test.ts",
  "test/trace/perfetto.test.ts",
  // Runs the compiler over the library's types: scripts/contract.mjs --check is the same in a second.
  "test/library/contract.test.ts",
];

/** The tests that need no Go; isolate: those of one worker share modules, and so what test/support/dump-cache.ts has opened. */
const unit = { include: ["test/**/*.test.{ts,tsx}"], testTimeout: 60_000, hookTimeout: 60_000, isolate: false };

export default defineConfig({
  test: {
    // Vitest leaves one processor to itself, which on a machine with two is half of it. Four dumps at once are memory enough.
    maxWorkers: Math.min(4, availableParallelism()),
    // Sources as the tests run them are kept in node_modules, by their contents.
    experimental: { fsModuleCache: true },
    projects: [
      { test: { ...unit, name: "unit", exclude: ["test/dumps/**"] } },
      { test: { ...unit, name: "quick", exclude: ["test/dumps/**", ...leftOut] } },
      { test: { name: "dumps", include: ["test/dumps/**/*.test.ts"], testTimeout: 600_000, hookTimeout: 600_000 } },
    ],
  },
});
