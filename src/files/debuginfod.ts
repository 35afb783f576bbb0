// Debug information fetched from a debuginfod server, by build id, into the cache that debuginfod's own clients use.
import { createWriteStream, mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Cancelled, type Progress } from "../base/progress.js";
import { counted } from "../base/units.js";
import { cachedPath, cacheFolder } from "./debug-places.js";
import { LONGEST_SILENCE, MOST_FETCHED } from "./limits.js";

/** What came of asking one server: a file, or why not. */
export interface Fetched {
  readonly url: string;
  /** In the cache; undefined when there is none. */
  readonly path?: string;
  readonly refused?: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Asks the servers of DEBUGINFOD_URLS one after the other, until one has the debug information of that build.
 *
 * @param check  looks at the downloaded file before it gets its name in the cache; why it is refused, or undefined
 * @returns one entry for each server that was asked; the last has the path when one answered. Rejects only when it is cancelled.
 * Source: debuginfod(8), "WEBAPI": GET /buildid/BUILDID/debuginfo
 */
export async function fetchDebugInfo(
  buildId: string,
  environment: Environment,
  check: (path: string) => Promise<string | undefined>,
  progress: Progress,
): Promise<readonly Fetched[]> {
  const servers = (environment.DEBUGINFOD_URLS ?? "").split(/\s+/).filter((url) => url !== "");
  const folder = cacheFolder(environment);
  if (servers.length === 0) return [{ url: "debuginfod", refused: "no server is named: set DEBUGINFOD_URLS" }];
  if (folder === undefined) return [{ url: "debuginfod", refused: "there is no folder to keep files in: set DEBUGINFOD_CACHE_PATH" }];
  const results: Fetched[] = [];
  for (const server of servers) {
    const url = `${server.replace(/\/+$/, "")}/buildid/${buildId}/debuginfo`;
    const path = cachedPath(folder, buildId);
    const refused = await tryFetch(url, path, check, progress);
    results.push(refused === undefined ? { url, path } : { url, refused });
    if (refused === undefined) break;
  }
  return results;
}

/** Fetches into a file of another name first: what has the right name is whole and checked. */
async function tryFetch(
  url: string,
  path: string,
  check: (path: string) => Promise<string | undefined>,
  progress: Progress,
): Promise<string | undefined> {
  const part = `${path}.${process.pid}.part`;
  try {
    if (!/^https?:\/\//.test(url)) return "is no http or https address";
    await download(url, part, progress);
    const refused = await check(part);
    if (refused === undefined) renameSync(part, path);
    return refused;
  } catch (error) {
    if (error instanceof Cancelled) throw error;
    return reasonOf(error);
  } finally {
    rmSync(part, { force: true });
  }
}

async function download(url: string, part: string, progress: Progress): Promise<void> {
  const silence = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const wait = () => {
    clearTimeout(timer);
    timer = setTimeout(() => silence.abort(new Error(`no byte for ${LONGEST_SILENCE / 1000} s`)), LONGEST_SILENCE);
  };
  wait();
  try {
    const response = await fetch(url, { signal: silence.signal });
    if (!response.ok || !response.body) throw new Error(`the server answered ${response.status}`);
    const size = Number(response.headers.get("content-length") ?? 0);
    progress.stage("fetching debug information", size);
    mkdirSync(dirname(part), { recursive: true });
    let done = 0;
    const counting = new Transform({
      transform(chunk: Uint8Array, _encoding, next) {
        wait();
        done += chunk.length;
        try {
          progress.tick(done);
        } catch (cancelled) {
          next(cancelled as Error);
          return;
        }
        next(done > MOST_FETCHED ? new Error(`it is larger than ${counted(MOST_FETCHED, "byte")}`) : null, chunk);
      },
    });
    await pipeline(Readable.fromWeb(response.body), counting, createWriteStream(part));
  } finally {
    clearTimeout(timer);
  }
}

/** fetch says "fetch failed" and hides why in the cause. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? cause.message : message;
}
