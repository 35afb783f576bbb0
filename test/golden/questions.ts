// What the golden files ask: every command by itself, then with what it takes.

/** What a fixture's program holds that is worth asking about. */
interface Subject {
  /** A map entry whose address the program printed before it died. */
  readonly entry: string;
  /** A large variable. */
  readonly variable: string;
  /** A type with many objects. */
  readonly type: string;
  /** Two goroutines that wait. */
  readonly goroutines: readonly [number, number];
}

const SUBJECTS: Readonly<Record<string, Subject>> = {
  demo: {
    entry: 'main.server.sessions.byToken["token-1234"].User',
    variable: "main.server",
    type: "^main[.]Session$",
    goroutines: [22, 33],
  },
  zoo: {
    entry: 'main.mapsZoo.big["key-dba"]',
    variable: "main.mapsZoo",
    type: "^main[.]OnlyBigMap$",
    goroutines: [20, 109],
  },
};

/** The words of each command after the core, one list a run; entry: the address of the program's map entry. */
export function questionsOf(program: string, addressOf: (expression: string) => string): Readonly<Record<string, readonly string[][]>> {
  const subject = SUBJECTS[program];
  if (!subject) throw new Error(`test/golden/questions.ts knows nothing to ask of ${program}`);
  const { entry, variable, type, goroutines } = subject;
  const address = addressOf(entry);
  const [first, second] = goroutines.map(String) as [string, string];
  return {
    overview: [[]],
    death: [[], ["--full-names"]],
    suspects: [[], ["--top", "2"]],
    histogram: [
      ["--top", "40"],
      ["--by", "package"],
      ["--by", "size-class"],
      ["--by", "owner"],
      ["--by", "goroutine"],
      ["--sort", "retained", "--parts"],
      ["--garbage"],
    ],
    objects: [[], ["--type", type, "--top", "5"], ["--min", "4K", "--parts"]],
    dominators: [[], [variable, "--depth", "6"], [address], ["--group", "type", "--depth", "2"], ["--group", "package", "--depth", "3"]],
    refs: [[address], [entry, "--out"], [variable], [variable, "--out", "--parts"]],
    show: [[entry], [address], [variable], [variable, "--depth", "5", "--top", "3"], [`(*uintptr)(${address})`]],
    waste: [[], ["--top", "0", "--min", "64"]],
    why: [[address], [entry, "-k", "3"], ["--type", type], ["--type", type, "--merge"], [address, "--parts"]],
    goroutines: [["--top", "0"], ["--group", "--top", "0"], ["--system"], ["--retains"], ["--status", "waiting"], ["--reason", "chan"]],
    goroutine: [["1"], [first], [second, "--depth", "3"], ["1", "--all"]],
    traceback: [[], [first], ["--level", "crash"]],
    threads: [[], ["--registers"]],
    blocked: [[], ["--top", "0"]],
    leaked: [[], ["--retains"]],
    profile: [["heap"], ["block"], ["mutex"]],
    "trace extract": [[], ["--last"], ["-o", "-"]],
    "trace summary": [[]],
    "trace events": [[], ["--goroutine", first, "--stacks"], ["--kind", "^GC", "--top", "0"], ["--kind", "^GC", "-o", "-"]],
    "trace export": [[], ["--format", "chrome"], ["-o", "-"]],
    doctor: [[]],
    mappings: [[]],
    read: [[address], [entry, "128"], [variable], [address, "64", "-o", "-"]],
    explore: [[]],
  };
}

/** Command lines that go wrong, or answer without a dump; CORE is the demo's. */
export const MISTAKES: readonly string[][] = [
  [],
  ["--help"],
  ["nonsense"],
  ["histogran", "CORE"],
  ["CORE", "histogran"],
  ["trace", "CORE"],
  ["trace", "sumary", "CORE"],
  ["overview"],
  ["overview", "no/such/core"],
  ["no/such/core"],
  ["overview", "package.json"],
  ["overview", "dumps"],
  ["overview", "CORE", "--exe", "no/such/program"],
  ["overview", "CORE", "--nonsense"],
  ["overview", "CORE", "word"],
  ["overview", "CORE", "--top", "many"],
  ["overview", "CORE", "--color", "blue"],
  ["histogram", "CORE", "--by", "colour"],
  ["objects", "CORE", "--min", "big"],
  ["objects", "CORE", "--type", "no such type"],
  ["why", "CORE"],
  ["why", "CORE", "0x10"],
  ["why", "CORE", "main.nothing"],
  ["why", "CORE", "--type", "no such type"],
  ["show", "CORE"],
  ["show", "CORE", "main.server.nothing"],
  ["show", "CORE", "main.server."],
  ["read", "CORE", "0x10"],
  ["read", "CORE", "main.server", "-1"],
  ["goroutine", "CORE", "999999"],
  ["goroutine", "CORE", "one"],
  ["goroutines", "CORE", "--min-wait", "long"],
  ["traceback", "CORE", "999999"],
  ["trace", "events", "CORE", "--last", "soon"],
];
