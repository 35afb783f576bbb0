/** Real servers out of the module proxy, crashed under load: tests of the full tier. */
import { execFile, spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { mkdir, mkdtemp, rename } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export interface Server {
  readonly module: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly port: number;
  /** What a client says again and again. */
  readonly hello: string;
  readonly again: string;
}

export const SERVERS: readonly Server[] = [
  {
    module: "github.com/nats-io/nats-server/v2@v2.11.6",
    program: "nats-server",
    args: ["-a", "127.0.0.1", "-p", "14222"],
    port: 14222,
    hello: 'CONNECT {"verbose":false}\r\nSUB news.* 1\r\n',
    again: "PUB news.today 5\r\nhello\r\n",
  },
  {
    module: "github.com/caddyserver/caddy/v2/cmd/caddy@v2.10.0",
    program: "caddy",
    args: ["respond", "--listen", "127.0.0.1:14223", "--body", "hello"],
    port: 14223,
    hello: "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    again: "GET /again HTTP/1.1\r\nHost: a\r\n\r\n",
  },
];

export const SERVER_GO = "1.26.8";
const CLIENTS = 8;
const folder = fileURLToPath(new URL("../../.dumps/servers/", import.meta.url));

/** Builds it, lets clients talk to it for a second and aborts it; once, then out of the cache. */
export async function crashServer(server: Server): Promise<{ readonly core: string; readonly executable: string }> {
  const executable = join(folder, server.program);
  const core = `${executable}.core`;
  if (existsSync(core)) return { core, executable };
  await mkdir(folder, { recursive: true });
  const env = { ...process.env, GOBIN: folder, GOFLAGS: "", GOWORK: "off", GOTOOLCHAIN: `go${SERVER_GO}`, CGO_ENABLED: "0" };
  if (!existsSync(executable)) await promisify(execFile)("go", ["install", server.module], { cwd: "/", env });
  const place = await mkdtemp(join(tmpdir(), "corescope-"));
  const child = spawn(
    "/bin/sh",
    ["-c", 'ulimit -c unlimited; exec env -i GOTRACEBACK=crash HOME=. "$0" "$@"', executable, ...server.args],
    {
      cwd: place,
      stdio: "ignore",
    },
  );
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const sockets = (await Promise.all(Array.from({ length: CLIENTS }, () => reach(server.port)))).map((socket) => {
    socket.on("data", () => {}).on("error", () => {});
    socket.write(server.hello);
    return socket;
  });
  for (let round = 0; round < 100; round++) {
    for (const socket of sockets.slice(0, CLIENTS / 2)) socket.write(server.again.repeat(10));
    await pause(10);
  }
  child.kill("SIGABRT");
  await ended;
  for (const socket of sockets) socket.destroy();
  const left = readdirSync(place).find((name) => name.startsWith("core"));
  if (!left) throw new Error(`${server.program} left no core in ${place}`);
  await promisify(execFile)("mv", [join(place, left), `${core}.part`]);
  await rename(`${core}.part`, core);
  return { core, executable };
}

async function reach(port: number): Promise<ReturnType<typeof connect>> {
  for (let attempt = 0; ; attempt++) {
    const socket = connect(port, "127.0.0.1");
    const reached = await new Promise<boolean>((resolve) => {
      socket.once("connect", () => resolve(true));
      socket.once("error", () => resolve(false));
    });
    if (reached) return socket;
    if (attempt > 200) throw new Error(`nobody listens at port ${port}`);
    await pause(100);
  }
}
