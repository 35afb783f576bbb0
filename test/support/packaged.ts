// Programs as a Linux distribution packages them: Debian's, downloaded with apt from where this machine has its packages from.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const cache = fileURLToPath(new URL("../../.dumps/packages/", import.meta.url));
/** The release whose packages are built by a Go that is read; the machine's own may be older. */
const SUITE = "trixie";
const LISTS = ["/etc/apt/sources.list", "/etc/apt/sources.list.d"];

/** A package's program, unpacked in the cache. @throws Error that says what to do when it cannot be had */
export function packaged(name: string): string {
  const program = join(cache, name, "usr/bin", name);
  if (existsSync(program)) return program;
  const making = join(cache, `${name}.${process.pid}`);
  try {
    download(name, making);
    rmSync(join(cache, name), { recursive: true, force: true });
    renameSync(join(making, "root"), join(cache, name));
  } catch (error) {
    const { stderr = "", message } = error as { readonly stderr?: Buffer | string; readonly message: string };
    const why = String(stderr).trim() || message;
    const advice = `it needs apt-get, dpkg and a mirror of Debian; or unpack the package by hand (dpkg -x FILE ${join(cache, name)})`;
    throw new Error(`the package ${name} of Debian ${SUITE} cannot be had: ${why}\n${advice}`);
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
  return program;
}

function download(name: string, folder: string): void {
  for (const each of ["lists/partial", "cache/archives/partial", "root"]) mkdirSync(join(folder, each), { recursive: true });
  const sources = join(folder, "debian.sources");
  writeFileSync(sources, ownSource());
  const settings = [
    ...[
      `Dir::Etc::sourcelist=${sources}`,
      "Dir::Etc::sourceparts=-",
      `Dir::State::lists=${join(folder, "lists")}`,
      `Dir::Cache=${join(folder, "cache")}`,
    ],
    ...[
      "APT::Sandbox::User=root",
      "APT::Architectures=amd64",
      "Acquire::Languages=none",
      "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false",
    ],
  ];
  const options = settings.flatMap((each) => ["-o", each]);
  const run = (...words: readonly string[]) => execFileSync(words[0], words.slice(1), { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
  run("apt-get", ...options, "update", "-q");
  run("apt-get", ...options, "download", "-q", name);
  const file = readdirSync(folder).find((each) => each.endsWith(".deb"));
  if (file === undefined) throw new Error("nothing was downloaded");
  run("dpkg", "-x", file, "root");
}

/** Where this machine has Debian's own packages from, for the other release. */
function ownSource(): string {
  const [list, folder] = LISTS;
  const files = [...(existsSync(folder) ? readdirSync(folder).map((each) => join(folder, each)) : []), list].filter((each) =>
    existsSync(each),
  );
  for (const file of files) {
    const text = readFileSync(file, "utf8");
    // deb822: paragraphs; else a line each.
    const paragraph = file.endsWith(".sources") ? text.split(/\n\s*\n/).find((each) => /^URIs: \S+\/debian\/?$/m.test(each)) : undefined;
    if (paragraph) return `${paragraph.replace(/^Suites:.*$/m, `Suites: ${SUITE}`).replace(/^Components:.*$/m, "Components: main")}\n`;
    const uri = /^deb (?:\[[^\]]*\] )?(\S+\/debian\/?) /m.exec(text)?.[1];
    if (uri)
      return `Types: deb\nURIs: ${uri}\nSuites: ${SUITE}\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n`;
  }
  throw new Error("this machine's apt knows no mirror of Debian");
}
