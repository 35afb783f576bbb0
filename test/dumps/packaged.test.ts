/**
 * Services as Debian packages them, stripped: killed while requests wait, right after a collection that the program itself was asked
 * for. Nothing is known of them but what the runtime wrote down.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type RequestOptions, request } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { killShipped } from "../../scripts/make-dumps.mjs";
import { silent } from "../../src/base/progress.js";
import { type Dump, openDump } from "../../src/dump.js";
import { objects } from "../../src/query/objects.js";
import { why } from "../../src/query/why.js";
import { packaged } from "../support/packaged.js";
import { spansOff, unmarkedSurvivors, unreachable } from "./measure.js";

const full = process.env.CORESCOPE_TIER === "full";
const scratch = mkdtempSync(join(tmpdir(), "corescope-packaged-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Of live bytes, in a hundred: what was live at the last collection and let go of since, as by the answer to whoever asked for it. */
const MOST_DROPPED = 1;

interface Service {
  readonly name: string;
  readonly args: readonly string[];
  /** Where it listens, of what it has written; undefined before it does. */
  listens(output: string): { readonly page: RequestOptions; readonly collect: RequestOptions } | undefined;
}

const socket = (name: string) => join(scratch, name);
const caddyfile = () => {
  const file = join(scratch, "caddy.json");
  const route = { handle: [{ handler: "file_server", root: "/usr/share", browse: {} }] };
  const server = { listen: [`unix/${socket("pages")}`], automatic_https: { disable: true }, routes: [route] };
  const admin = { listen: `unix/${socket("admin")}`, origins: ["admin"] };
  writeFileSync(file, JSON.stringify({ admin, apps: { http: { servers: { pages: server } } } }));
  return file;
};

const services: readonly Service[] = [
  {
    name: "prometheus-node-exporter",
    args: ["--web.listen-address=127.0.0.1:0"],
    listens(output) {
      const port = /Listening on" address=127[.]0[.]0[.]1:(\d+)/.exec(output)?.[1];
      const at = { host: "127.0.0.1", port };
      return port === undefined ? undefined : { page: { ...at, path: "/metrics" }, collect: { ...at, path: "/debug/pprof/heap?gc=1" } };
    },
  },
  {
    name: "caddy",
    args: ["run", "--config", caddyfile()],
    listens: (output) =>
      output.includes("serving initial configuration")
        ? {
            page: { socketPath: socket("pages"), path: "/" },
            collect: { socketPath: socket("admin"), path: "/debug/pprof/heap?gc=1", headers: { Host: "admin" } },
          }
        : undefined,
  },
];

/** The answer's length. */
const get = (options: RequestOptions): Promise<number> =>
  new Promise((resolve, reject) => {
    const asked = request({ ...options, agent: false }, (answer) => {
      let bytes = 0;
      answer.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
      });
      answer.on("end", () => (answer.statusCode === 200 ? resolve(bytes) : reject(new Error(`${options.path}: ${answer.statusCode}`))));
      answer.on("error", reject);
    });
    asked.on("error", reject);
    asked.end();
  });

/** A request whose end never comes: the service waits for it when it dies. */
const begin = ({ host, port, socketPath }: RequestOptions): Promise<void> =>
  new Promise((resolve, reject) => {
    const held = socketPath ? connect(socketPath) : connect(Number(port), String(host));
    held.once("connect", () => held.write("GET / HTTP/1.1\r\nHost: half\r\n", () => resolve()));
    held.on("error", reject);
  });

/** Asks for pages, several at once, begins further requests, and then asks for a collection: what follows it is all that changes the heap. */
async function workWith(service: Service, output: () => string): Promise<void> {
  let at = service.listens(output());
  for (let tries = 0; !at && tries < 1200; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    at = service.listens(output());
  }
  if (!at) throw new Error(`${service.name} does not listen: ${output().slice(-500)}`);
  const { page, collect } = at;
  for (let round = 0; round < 5; round++)
    for (const bytes of await Promise.all(Array.from({ length: 4 }, () => get(page)))) expect(bytes).toBeGreaterThan(500);
  for (let held = 0; held < 8; held++) await begin(page);
  await get(page);
  await get(collect);
}

// Each costs a download and a quarter of a minute.
for (const service of full ? services : services.slice(0, 1)) {
  describe(service.name, () => {
    let core = "";
    let dump: Dump;
    beforeAll(async () => {
      const executable = packaged(service.name);
      const environment = { HOME: scratch, XDG_DATA_HOME: scratch, XDG_CONFIG_HOME: scratch };
      core = await killShipped(executable, service.args, { work: (output) => workWith(service, output), environment });
      dump = await openDump({ core, executable });
    });
    afterAll(() => {
      dump?.close();
      if (core) rmSync(dirname(core), { recursive: true, force: true });
    });
    const context = () => ({ progress: silent, findings: dump.findings });

    it("is read from tables, without a doubt", () => {
      expect(dump.runtime.binary.from).toBe("tables");
      const told = dump.findings.list().filter(({ code }) => /^(?:variable|module)-/.test(code));
      expect(told).toEqual([]);
    });

    it("has every slot that the spans say are allocated", () => {
      expect(dump.heap.objects.count).toBeGreaterThan(5000);
      expect(spansOff(dump)).toEqual([]);
    });

    it("has no garbage without a reason, and nothing live that the last collection took for dead", () => {
      const { heap } = dump;
      expect(unmarkedSurvivors(dump)).toEqual([]);
      const dropped = unreachable(dump).filter(({ reason }) => reason === "marked by the last collection");
      const bytes = dropped.reduce((sum, each) => sum + each.bytes, 0);
      process.stdout.write(
        `${service.name} (${dump.runtime.build.goVersion}): ${heap.objects.count} objects, ${heap.liveObjects} live; ${dropped.length} of ${bytes} bytes dropped\n`,
      );
      expect(bytes * 100).toBeLessThan(MOST_DROPPED * heap.liveBytes);
    });

    it("leads from large objects to a root", () => {
      const { rows } = objects.run(dump, { top: 10 }, context());
      expect(rows.length).toBe(10);
      for (const { address } of rows) expect(why.run(dump, { address }, context()).paths.length, address).toBeGreaterThan(0);
    });
  });
}
