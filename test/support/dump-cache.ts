/** Dumps for tests: the committed ones, and real crashes made on demand where a Go toolchain is. */
import {
  closeSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { decompress } from "fzstd";
import { type DumpWish, makeDump, releases, whyNoGo } from "../../scripts/make-dumps.mjs";
import { type Dump, openDump } from "../../src/dump.js";

export { releases };

/** What a program said about itself before it died (`truth` lines, see dumps/testdata/truth). */
export interface Truth {
  /** Live objects by type name. */
  readonly types: Readonly<Record<string, number>>;
  /** Allocated but unreachable objects by type name. */
  readonly garbage?: Readonly<Record<string, number>>;
  /** Addresses of objects that only one feature of the language or runtime keeps alive. */
  readonly only?: readonly { readonly type: string; readonly addresses: readonly string[] }[];
  /** Types of `only` that nothing in the process names, each with the reason. */
  readonly nameless?: Readonly<Record<string, string>>;
  /** Objects the program can name: `why` has to print one of the expressions. */
  readonly expressions?: readonly { readonly expressions: readonly string[]; readonly address: string; readonly type: string }[];
  /** runtime.NumGoroutine(): user goroutines. */
  readonly goroutines: number;
  /** runtime.MemStats, read after a collection, with nothing allocated since. */
  readonly memStats: Readonly<Record<string, number>>;
}

/** A dump with its truth. */
export interface TestDump {
  readonly name: string;
  readonly core: string;
  readonly executable: string;
  readonly truth: Truth;
  readonly meta: {
    readonly program: string;
    readonly go: string;
    readonly arch: "amd64" | "arm64";
    readonly arguments: readonly string[];
    readonly experiment: string;
    readonly attempt: number;
  };
}

const home = fileURLToPath(new URL("../../dumps/cores/", import.meta.url));
const why = new Map<string, Promise<string | undefined>>();

/** The committed dumps, in the order of their names. */
export function fixtures(): TestDump[] {
  return readdirSync(home)
    .filter((name) => existsSync(join(home, name, "meta.json")))
    .sort()
    .map((name) => {
      const json = (file: string) => JSON.parse(readFileSync(join(home, name, file), "utf8"));
      return {
        name,
        core: join(home, name, "core.zst"),
        executable: join(home, name, "exe.zst"),
        truth: json("truth.json") as Truth,
        meta: json("meta.json") as TestDump["meta"],
      };
    });
}

/** One committed dump by its folder's name, `zoo-1.26-amd64`. */
export function fixture(name: string): TestDump {
  const found = fixtures().find((each) => each.name === name);
  if (!found) throw new Error(`there is no dumps/cores/${name}`);
  return found;
}

/** Beside what other tools of the project keep there, and gone with it. */
const unpackedHome = fileURLToPath(new URL("../../node_modules/.cache/fixtures/", import.meta.url));
/** A block of zeros becomes a hole: a core is mostly zeros. */
const zeros = new Uint8Array(1 << 16);

/** A committed dump as files that need no decompressing, for who opens it several times; written once, read only. */
export function unpacked(name: string): { readonly core: string; readonly executable: string } {
  const { core, executable } = fixture(name);
  return {
    core: unpackedFile(core, join(unpackedHome, name), "core"),
    executable: unpackedFile(executable, join(unpackedHome, name), "exe"),
  };
}

function unpackedFile(packed: string, folder: string, name: string): string {
  const path = join(folder, name);
  if ((statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) > statSync(packed).mtimeMs) return path;
  mkdirSync(folder, { recursive: true });
  // Another worker may do the same: each writes its own, and the last name given is as good as the first.
  const own = `${path}.${process.pid}`;
  const bytes = decompress(readFileSync(packed));
  const fd = openSync(own, "w");
  for (let at = 0; at < bytes.length; at += zeros.length) {
    const part = bytes.subarray(at, at + zeros.length);
    if (Buffer.compare(part, zeros.subarray(0, part.length)) !== 0) writeSync(fd, part, 0, part.length, at);
  }
  ftruncateSync(fd, bytes.length);
  closeSync(fd);
  renameSync(own, path);
  return path;
}

const opened = new Map<string, Promise<Dump>>();

/** A committed dump, opened once for all tests that do nothing but ask; it stays open, and its findings are of all they ask. */
export function openFixture(name: string): Promise<Dump> {
  let dump = opened.get(name);
  if (!dump) {
    dump = openDump(unpacked(name));
    opened.set(name, dump);
  }
  return dump;
}

/**
 * Why tests of a release cannot run here, or undefined. Where a Go toolchain is not to be had its tests are skipped with
 * this reason; in CI a skip is a failure, so there it is never given and making the dump fails instead.
 */
export function missingGo(go: string): Promise<string | undefined> {
  if (process.env.CI) return Promise.resolve(undefined);
  let reason = why.get(go);
  if (!reason) {
    reason = whyNoGo(go);
    why.set(go, reason);
  }
  return reason;
}

/** Pairs of kind and release: all of them, or each kind on two releases, an older and a newer one, so that every release meets several. */
export function rotate<Kind>(kinds: readonly Kind[], full: boolean): readonly { readonly kind: Kind; readonly go: string }[] {
  const on = (index: number) => releases[index % releases.length];
  return kinds.flatMap((kind, i) => (full ? releases : [on(i), on(i + 3)]).map((go) => ({ kind, go })));
}

/** The dump of a wish: out of the cache, or made now by crashing the program. */
export async function made(wish: DumpWish): Promise<TestDump> {
  const dump = await makeDump(wish);
  return {
    name: nameOf(wish),
    core: dump.core,
    executable: dump.executable,
    truth: dump.truth as unknown as Truth,
    meta: dump.meta as unknown as TestDump["meta"],
  };
}

/** How a wish is called in a test's title. */
export function nameOf(wish: DumpWish): string {
  const experiment = wish.experiment ? ` ${wish.experiment}` : "";
  return [
    wish.program,
    ...(wish.args ?? []),
    `go${wish.go}${experiment}`,
    ...(wish.flags ?? []),
    ...(wish.cgo ? ["cgo"] : []),
    wish.arch ?? "amd64",
    ...(wish.user ? ["qemu-user"] : []),
  ].join(" ");
}
