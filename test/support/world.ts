// A world for the command line: streams that remember, and a dump that never was a file.

import type { World } from "../../cli/command.js";
import { Findings } from "../../src/base/findings.js";
import { NO_NAMES } from "../../src/base/package-names.js";
import type { Dump } from "../../src/dump.js";

/** What the fake dump was asked to open, and what was printed. */
export interface FakeWorld extends World {
  readonly opened: Parameters<World["open"]>[0][];
  readonly printed: { out: string; error: string };
  closed: number;
}

/** terminal: both streams are terminals of 80 columns. onOpen may add findings or throw. */
export function makeWorld(options: { terminal?: boolean; onOpen?: (findings: Findings) => void } = {}): FakeWorld {
  const printed = { out: "", error: "" };
  const stream = (name: "out" | "error") => ({
    isTTY: options.terminal ?? false,
    columns: options.terminal ? 80 : undefined,
    write(text: string | Uint8Array, done?: (error?: Error | null) => void) {
      printed[name] += typeof text === "string" ? text : Buffer.from(text).toString("latin1");
      done?.();
      return true;
    },
  });
  const world: FakeWorld = {
    opened: [],
    printed,
    closed: 0,
    out: stream("out"),
    error: stream("error"),
    environment: {},
    version: "9.9.9",
    now: () => 0,
    async open(files) {
      world.opened.push(files);
      const findings = new Findings();
      options.onOpen?.(findings);
      const identity = { path: "/srv/core", goVersion: "go1.26.8", arch: "amd64", buildId: "4f1c" };
      return { findings, identity, names: NO_NAMES, close: () => void world.closed++ } as unknown as Dump;
    },
  };
  return world;
}

/** The dump, for a command that closes it when it is done although others are to ask it too. */
export function leftOpen(dump: Dump): Dump {
  return Object.create(dump, { close: { value() {} } });
}
