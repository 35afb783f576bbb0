// Where separate debug information is looked for, as gdb and libdebuginfod do.
import { dirname, join, resolve } from "node:path";

/** By what a debug file is known. */
export interface DebugNames {
  /** Where the executable is, and where it was when the program ran. */
  readonly executables: readonly string[];
  /** GNU build id, lower-case hex. */
  readonly buildId: string | undefined;
  /** The name in .gnu_debuglink. */
  readonly link: string | undefined;
  /** Folders of debug files beside the system's: --debug-dir. */
  readonly folders: readonly string[];
}

/** A path, and by what the file there is known. */
export interface DebugPlace {
  readonly path: string;
  readonly by: "build id" | "debug link";
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Where packages put debug files. */
const SYSTEM_FOLDER = "/usr/lib/debug";

/**
 * The paths, best first: by build id in the folders and in the cache of debuginfod, then by the link's name beside the executable, in
 * .debug, and under its folder's path in the folders.
 *
 * Source: GDB manual, "Debugging Information in Separate Files"; debuginfod(7), "FILES".
 */
export function debugPlaces({ executables, buildId, link, folders }: DebugNames, environment: Environment): readonly DebugPlace[] {
  const roots = [...folders, SYSTEM_FOLDER];
  const byId: string[] = [];
  if (buildId !== undefined) {
    for (const root of roots) byId.push(join(root, ".build-id", buildId.slice(0, 2), `${buildId.slice(2)}.debug`));
    const cache = cacheFolder(environment);
    if (cache !== undefined) byId.push(cachedPath(cache, buildId));
  }
  const byLink: string[] = [];
  if (link !== undefined) {
    const places = [...new Set(executables.filter((path) => path.startsWith("/")).map((path) => dirname(path)))];
    for (const place of places) byLink.push(join(place, link), join(place, ".debug", link));
    for (const root of roots) for (const place of places) byLink.push(join(root, place, link));
  }
  const isOther = (path: string) => !executables.includes(path);
  return [
    ...[...new Set(byId)].map((path) => ({ path, by: "build id" as const })),
    ...[...new Set(byLink)].filter(isOther).map((path) => ({ path, by: "debug link" as const })),
  ];
}

/** A path that is opened, as debugPlaces wants it. */
export function absolutePath(path: string): string {
  return resolve(path);
}

/** The folder where debuginfod's clients keep what they fetched; undefined when the environment names neither it nor a home. */
export function cacheFolder({ DEBUGINFOD_CACHE_PATH, XDG_CACHE_HOME, HOME }: Environment): string | undefined {
  if (DEBUGINFOD_CACHE_PATH) return DEBUGINFOD_CACHE_PATH;
  if (XDG_CACHE_HOME) return join(XDG_CACHE_HOME, "debuginfod_client");
  return HOME ? join(HOME, ".cache", "debuginfod_client") : undefined;
}

/** Where in that folder the debug information of a build lies. */
export function cachedPath(folder: string, buildId: string): string {
  return join(folder, buildId, "debuginfo");
}
