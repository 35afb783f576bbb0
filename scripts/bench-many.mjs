// node scripts/bench-many.mjs [--go 1.26.8] [--kinds defers,timers] [--commands overview,death] [--count 100000] [--check]
// CPU of commands on cores that have many of one thing, against a quarter of as many: what is quadratic takes 16 times as long, what is
// linear at most 4. Over 6 times, and over a second, is told as OVER.
import { parseArgs } from "node:util";
import { makeDump } from "./make-dumps.mjs";
import { measureCommand } from "./peak-rss.mjs";

/** Kinds of dumps/testdata/many; the kernel allows a process 65,530 mappings. */
const KINDS = [
  "goroutines",
  "waiters",
  "mutex",
  "chain",
  "selects",
  "groups",
  "defers",
  "pending",
  "nested",
  "deep",
  "timers",
  "specials",
  "mappings",
];
const MOST_MAPPINGS = 60_000;
/** A command as it is typed, without the core. */
const COMMANDS = [
  "death",
  "overview",
  "suspects",
  "goroutines --group --top 5",
  "goroutine 1",
  "blocked --top 5",
  "leaked --top 5",
  "threads",
  "mappings --top 5",
  "histogram --top 5",
  "waste --top 5",
  "traceback",
];
const FEWER = 4;
const MOST_TIMES = 6;
const LEAST_SECONDS = 1;

const { values } = parseArgs({
  options: {
    go: { type: "string", default: "1.26.8" },
    kinds: { type: "string", default: KINDS.join(",") },
    commands: { type: "string", default: COMMANDS.join(",") },
    count: { type: "string", default: "100000" },
    check: { type: "boolean", default: false },
  },
});

for (const kind of values.kinds.split(",")) {
  const most = kind === "mappings" ? MOST_MAPPINGS : Number(values.count);
  const counts = [Math.floor(most / FEWER), Math.min(most, Number(values.count))];
  const cores = [];
  for (const count of counts) cores.push(await makeDump({ program: "many", go: values.go, args: [kind, String(count)] }));
  for (const command of values.commands.split(",")) {
    const [word, ...rest] = command.split(" ");
    const [few, many] = cores.map(({ core, executable }) => measureCommand([word, core, ...rest, "--exe", executable]).cpu);
    const isOver = many > LEAST_SECONDS && many > few * MOST_TIMES;
    process.stdout.write(
      `${kind.padEnd(12)} ${command.padEnd(28)} ${few.toFixed(2)} s at ${counts[0]}, ${many.toFixed(2)} s at ${counts[1]}: ${(many / few).toFixed(1)} times${isOver ? "  OVER" : ""}\n`,
    );
    if (isOver && values.check) process.exitCode = 1;
  }
}
