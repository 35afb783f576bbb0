import { expect, test } from "vitest";
import { cacheFolder, debugPlaces } from "../../src/files/debug-places.js";

const ID = "abcdef0123456789abcdef0123456789abcdef01";

test("debug files are looked for by build id, then by the link's name", () => {
  const names = { executables: ["/srv/app", "/opt/app"], buildId: ID, link: "app.debug", folders: ["/more"] };
  expect(debugPlaces(names, { DEBUGINFOD_CACHE_PATH: "/cache" })).toEqual([
    { path: `/more/.build-id/ab/${ID.slice(2)}.debug`, by: "build id" },
    { path: `/usr/lib/debug/.build-id/ab/${ID.slice(2)}.debug`, by: "build id" },
    { path: `/cache/${ID}/debuginfo`, by: "build id" },
    { path: "/srv/app.debug", by: "debug link" },
    { path: "/srv/.debug/app.debug", by: "debug link" },
    { path: "/opt/app.debug", by: "debug link" },
    { path: "/opt/.debug/app.debug", by: "debug link" },
    { path: "/more/srv/app.debug", by: "debug link" },
    { path: "/more/opt/app.debug", by: "debug link" },
    { path: "/usr/lib/debug/srv/app.debug", by: "debug link" },
    { path: "/usr/lib/debug/opt/app.debug", by: "debug link" },
  ]);
});

test("an executable is never its own debug file, and places without a folder are passed over", () => {
  const paths = debugPlaces({ executables: ["/srv/app", "app"], buildId: undefined, link: "app", folders: [] }, {}).map(({ path }) => path);
  expect(paths).toEqual(["/srv/.debug/app", "/usr/lib/debug/srv/app"]);
  expect(debugPlaces({ executables: ["/srv/app"], buildId: undefined, link: undefined, folders: ["/more"] }, {})).toEqual([]);
});

test("the cache is where the environment says", () => {
  expect(cacheFolder({ DEBUGINFOD_CACHE_PATH: "/c", XDG_CACHE_HOME: "/x", HOME: "/h" })).toBe("/c");
  expect(cacheFolder({ XDG_CACHE_HOME: "/x", HOME: "/h" })).toBe("/x/debuginfod_client");
  expect(cacheFolder({ HOME: "/h" })).toBe("/h/.cache/debuginfod_client");
  expect(cacheFolder({})).toBeUndefined();
});
