import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Cancelled, silent } from "../../src/base/progress.js";
import { fetchDebugInfo } from "../../src/files/debuginfod.js";

const ID = "abcdef0123456789abcdef0123456789abcdef01";
const asked: string[] = [];
let server: Server;
let url = "";
let folder = "";

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "corescope-debuginfod-"));
  server = createServer((request, response) => {
    asked.push(request.url ?? "");
    const isThere = request.url === `/has/buildid/${ID}/debuginfo`;
    response.writeHead(isThere ? 200 : 404).end(isThere ? "debug information" : "not here");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

const accept = () => Promise.resolve(undefined);

describe("fetchDebugInfo", () => {
  it("asks one server after the other, and keeps what was checked in the cache", async () => {
    const cache = join(folder, "kept");
    const checked: string[] = [];
    const check = (path: string) => {
      checked.push(readFileSync(path, "utf8"));
      return accept();
    };
    const environment = { DEBUGINFOD_URLS: `${url}/lacks ${url}/has/`, DEBUGINFOD_CACHE_PATH: cache };
    expect(await fetchDebugInfo(ID, environment, check, silent)).toEqual([
      { url: `${url}/lacks/buildid/${ID}/debuginfo`, refused: "the server answered 404" },
      { url: `${url}/has/buildid/${ID}/debuginfo`, path: join(cache, ID, "debuginfo") },
    ]);
    expect(checked).toEqual(["debug information"]);
    expect(readFileSync(join(cache, ID, "debuginfo"), "utf8")).toBe("debug information");
    expect(readdirSync(join(cache, ID))).toEqual(["debuginfo"]);
    expect(asked).toEqual([`/lacks/buildid/${ID}/debuginfo`, `/has/buildid/${ID}/debuginfo`]);
  });

  it("keeps nothing that is refused, and nothing when it is cancelled", async () => {
    const cache = join(folder, "refused");
    const environment = { DEBUGINFOD_URLS: `${url}/has`, DEBUGINFOD_CACHE_PATH: cache };
    const refused = await fetchDebugInfo(ID, environment, () => Promise.resolve("another build"), silent);
    expect(refused).toMatchObject([{ refused: "another build" }]);
    const tick = () => {
      throw new Cancelled();
    };
    await expect(fetchDebugInfo(ID, environment, accept, { stage() {}, tick })).rejects.toBeInstanceOf(Cancelled);
    expect(readdirSync(join(cache, ID))).toEqual([]);
  });

  it("says why a server, or none, could not be asked", async () => {
    const cache = join(folder, "none");
    const ask = (urls: string, home = cache) =>
      fetchDebugInfo(ID, { DEBUGINFOD_URLS: urls, ...(home ? { DEBUGINFOD_CACHE_PATH: home } : {}) }, accept, silent);
    expect(await ask("")).toMatchObject([{ refused: "no server is named: set DEBUGINFOD_URLS" }]);
    expect(await ask(url, "")).toMatchObject([{ refused: "there is no folder to keep files in: set DEBUGINFOD_CACHE_PATH" }]);
    expect(await ask("file:///etc")).toMatchObject([{ refused: "is no http or https address" }]);
    expect(await ask("http://127.0.0.1:9")).toMatchObject([{ refused: expect.stringMatching(/./) }]);
    expect(existsSync(cache)).toBe(false);
  });
});
