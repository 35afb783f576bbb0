// Damages committed cores and their executables, asks every command about them, and reports what no answer may be: a crash, a hang, memory
// without bound, or an answer that is silently another. Run with --help for the words; each failure is shrunk to a recipe of a few bytes.
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { judge } from "./fuzz/audit.mjs";
import { DAMAGE } from "./fuzz/damage.mjs";
import { openFixture } from "./fuzz/fixture.mjs";
import { randomOf } from "./fuzz/random.mjs";
import { Runner } from "./fuzz/runner.mjs";

const FIXTURES = ["zoo-1.22-amd64", "zoo-1.24-amd64", "zoo-1.26-amd64", "zoo-1.27-amd64", "zoo-1.26-arm64", "demo-1.26-amd64"];
const COMMANDS = [
  ...["overview", "death", "suspects", "histogram", "goroutines", "blocked", "leaked", "threads", "traceback", "waste"].map((each) => [
    each,
  ]),
  ...["dominators", "doctor", "mappings", "profile"].map((each) => [each]),
  ["objects", "--top", "20"],
  ["goroutine", "1"],
  ["trace", "summary"],
];
/** What an answer about damaged files may take: so many times the undamaged one's and so much more. */
const LIMITS = { times: 3, cpuMs: 1000, bytes: 100 * 2 ** 20 };

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    count: { type: "string", default: "300" },
    fixture: { type: "string", multiple: true },
    class: { type: "string", multiple: true },
    commands: { type: "string", default: "3" },
    report: { type: "string" },
    full: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  process.stdout.write(
    "node scripts/fuzz.mjs [--seed N] [--count N] [--fixture NAME] [--class NAME] [--commands N] [--report FILE] [--full]\n" +
      `classes: ${Object.keys(DAMAGE).join(", ")}; fixtures: ${FIXTURES.join(", ")}, each also with -stripped\n`,
  );
} else process.exitCode = (await fuzz()) > 0 ? 1 : 0;

/** Failures. */
async function fuzz() {
  const seed = Number(values.seed ?? new Date().toISOString().slice(0, 10).replaceAll("-", ""));
  const count = values.full ? 10_000 : Number(values.count);
  const classes = values.class ?? Object.keys(DAMAGE);
  const names = values.fixture ?? FIXTURES.flatMap((name) => [name, `${name}-stripped`]);
  process.stdout.write(`seed ${seed}, ${count} damaged files, classes ${classes.join(", ")}\n`);
  const runner = new Runner();
  const failures = [];
  const tally = new Map();
  let runs = 0;
  for (const [index, name] of names.entries()) {
    const fixture = await openFixture(name);
    const asked = new Map();
    for (const words of COMMANDS) asked.set(words, await soundAnswer(runner, fixture, words));
    for (let i = index; i < count; i += names.length) {
      const random = randomOf(seed * 100_003 + i);
      const kind = classes[Math.floor(i / names.length) % classes.length];
      const edits = DAMAGE[kind](random, fixture);
      const chosen = new Set(Array.from({ length: Number(values.commands) }, () => random.pick(COMMANDS)));
      for (const words of chosen) {
        runs++;
        const problem = await attempt(runner, fixture, words, edits, asked.get(words));
        if (!problem || (problem.kind === "silent" && kind === "flips")) continue;
        const few = await shrink(runner, fixture, words, edits, asked.get(words), problem);
        const failure = { fixture: name, damage: kind, words, kind: problem.kind, detail: problem.detail, edits: few, number: i };
        failures.push(failure);
        tally.set(`${kind} ${problem.kind}`, (tally.get(`${kind} ${problem.kind}`) ?? 0) + 1);
        process.stdout.write(
          `${problem.kind} ${name} ${words.join(" ")} (${kind}, ${i}): ${problem.detail} ${JSON.stringify(few).slice(0, 300)}\n`,
        );
      }
    }
    fixture.close();
  }
  runner.close();
  if (values.report) writeFileSync(values.report, JSON.stringify(failures, undefined, 1));
  process.stdout.write(`seed ${seed}: ${count} damaged files, ${runs} runs, ${failures.length} failures\n`);
  for (const [key, number] of [...tally].sort()) process.stdout.write(`  ${key}: ${number}\n`);
  return failures.length;
}

/** The undamaged answer; the second of two, since the first also loads the program. */
async function soundAnswer(runner, fixture, words) {
  await runner.run(commandLine(fixture, words));
  const answer = await runner.run(commandLine(fixture, words));
  if (answer.failure) throw new Error(`${fixture.name}: ${words.join(" ")} fails undamaged: ${answer.failure}`);
  return answer;
}

/** The core is the first operand behind the command's name. */
function commandLine({ paths }, words) {
  const name = words[0] === "trace" ? 2 : 1;
  return [...words.slice(0, name), paths.core, ...words.slice(name), "--exe", paths.exe, "--json", "--quiet"];
}

/** What is wrong with the answer about damaged files; undefined when nothing is. */
async function attempt(runner, fixture, words, edits, sound) {
  fixture.apply(edits);
  const limits = { cpuMs: LIMITS.times * sound.cpuMs + LIMITS.cpuMs, growth: LIMITS.times * sound.growth + LIMITS.bytes };
  const answer = await runner.run(commandLine(fixture, words), limits);
  fixture.restore(edits);
  return judge(answer, sound);
}

/** Fewer edits, and of each fewer bytes, that fail in the same way. */
async function shrink(runner, fixture, words, edits, sound, { kind }) {
  const fails = async (some) => (await attempt(runner, fixture, words, some, sound))?.kind === kind;
  let left = edits;
  for (let i = 0; left.length > 1 && i < left.length; ) {
    const fewer = left.filter((_, k) => k !== i);
    if (await fails(fewer)) left = fewer;
    else i++;
  }
  const [only] = left;
  if (left.length !== 1 || only.cut !== undefined) return left;
  for (let i = 0; i < only.bytes.length && kind !== "hang"; i++) {
    const one = [{ file: only.file, at: only.at + i, bytes: [only.bytes[i]] }];
    if (fixture[only.file][only.at + i] !== only.bytes[i] && (await fails(one))) return one;
  }
  return left;
}
