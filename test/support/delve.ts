/** Delve as an oracle: the variables of every goroutine's frames as it reads them from a core. */
import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const VERSION = "v1.27.2";
const folder = fileURLToPath(new URL("../../.dumps/tools/", import.meta.url));
const program = join(folder, `dlv-${VERSION}`);

/** Its Variable, as far as it is needed. Go's reflect.Kind numbers kinds. */
export interface DelveVariable {
  readonly name: string;
  readonly kind: number;
  readonly value: string;
  readonly len: number;
  readonly base: number;
  readonly unreadable: string;
  readonly children: readonly (DelveVariable & { readonly addr: number })[];
}

export interface DelveFrame {
  readonly pc: number;
  readonly function: string;
  readonly variables: readonly DelveVariable[];
}

/** Builds it once, out of the module proxy; undefined, or why that cannot be done here. In CI it is not asked: there it has to be. */
export async function missingDelve(): Promise<string | undefined> {
  try {
    await install();
    return undefined;
  } catch (error) {
    if (process.env.CI) throw error;
    return `delve cannot be built: ${String((error as { stderr?: string }).stderr ?? error).slice(0, 200)}`;
  }
}

async function install(): Promise<void> {
  if (existsSync(program)) return;
  await mkdir(folder, { recursive: true });
  const env = { ...process.env, GOBIN: folder, GOFLAGS: "", GOWORK: "off", GOTOOLCHAIN: "auto", CGO_ENABLED: "0" };
  await promisify(execFile)("go", ["install", `github.com/go-delve/delve/cmd/dlv@${VERSION}`], { cwd: "/", env });
  await promisify(execFile)("mv", [join(folder, "dlv"), program]);
}

/** Pointers are not followed, the rest is cut short: the comparison is of the words of the variable. */
const LOAD = { FollowPointers: false, MaxVariableRecurse: 0, MaxStringLen: 64, MaxArrayValues: 0, MaxStructFields: 0 };

/** Frames of these goroutines, the innermost first, inlined calls too. */
export async function delveFrames(
  files: { readonly core: string; readonly executable: string },
  ids: readonly number[],
): Promise<ReadonlyMap<number, readonly DelveFrame[]>> {
  const server = spawn(
    program,
    ["core", files.executable, files.core, "--headless", "--api-version=2", "--listen=127.0.0.1:0", "--check-go-version=false"],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  let said = "";
  server.stderr.on("data", (text: Buffer) => {
    said += text;
  });
  try {
    const port = await new Promise<number>((resolve, reject) => {
      createInterface({ input: server.stdout }).on("line", (line) => {
        const found = /listening at: .*:([0-9]+)$/.exec(line);
        if (found) resolve(Number(found[1]));
      });
      server.once("exit", () => reject(new Error(`delve ended: ${said}`)));
    });
    const call = await client(port);
    const out = new Map<number, readonly DelveFrame[]>();
    for (const id of ids) {
      const answer = (await call("RPCServer.Stacktrace", { Id: id, Depth: 60, Full: true, Opts: 0, Cfg: LOAD })) as {
        Locations: readonly {
          pc: number;
          function?: { name: string };
          Arguments: DelveVariable[] | null;
          Locals: DelveVariable[] | null;
        }[];
      };
      out.set(
        id,
        answer.Locations.map((each) => ({
          pc: each.pc,
          function: each.function?.name ?? "",
          variables: [...(each.Arguments ?? []), ...(each.Locals ?? [])],
        })),
      );
    }
    return out;
  } finally {
    server.kill("SIGKILL");
  }
}

/** JSON-RPC, a line each way. Addresses above 2^53 are of no process. */
async function client(port: number): Promise<(method: string, params: object) => Promise<unknown>> {
  const socket = connect(port, "127.0.0.1");
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", reject);
  });
  const waiting: ((line: string) => void)[] = [];
  createInterface({ input: socket }).on("line", (line) => waiting.shift()?.(line));
  let id = 0;
  return (method, params) =>
    new Promise((resolve, reject) => {
      waiting.push((line) => {
        const { result, error } = JSON.parse(line) as { result: unknown; error: unknown };
        if (error) reject(new Error(`${method}: ${JSON.stringify(error)}`));
        else resolve(result);
      });
      socket.write(`${JSON.stringify({ method, params: [params], id: id++ })}\n`);
    });
}

/** What a variable holds, in words that both sides can say; undefined for what is not compared (structs, arrays, interfaces) or not readable. */
export function delveWords(variable: DelveVariable): string | undefined {
  if (variable.unreadable !== "") return undefined;
  const { kind, value, children } = variable;
  if (kind === 1) return value;
  // "server.MIN_SLEEP (10000000)": it names constants.
  if (kind >= 2 && kind <= 12) return /\((-?[0-9]+)\)$/.exec(value)?.[1] ?? value;
  if (kind === 24) return `${variable.len} ${value}`;
  if (kind === 22) return hex(children[0]?.addr ?? 0);
  if (kind === 23) return `${hex(variable.base)} ${variable.len}`;
  if (kind === 18 || kind === 21) return hex(variable.base);
  return undefined;
}

const hex = (value: number) => `0x${value.toString(16)}`;
