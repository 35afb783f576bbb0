// Runs command lines of corescope one after the other in one warm process, each as the command itself would; the parent ends it at a limit.
import { run } from "../../dist/cli/cli.js";
import { openDump } from "../../dist/src/dump.js";

process.env.NODE_ENV = "production";

process.on("message", async ({ words }) => {
  globalThis.gc?.();
  const before = process.cpuUsage();
  process.send({ kind: "begun", rss: process.memoryUsage.rss(), cpu: before.user + before.system });
  const printed = { out: "", error: "" };
  const stream = (name) => ({
    isTTY: false,
    columns: undefined,
    write(text, done) {
      printed[name] += typeof text === "string" ? text : Buffer.from(text).toString("latin1");
      done?.();
      return true;
    },
  });
  const world = {
    open: openDump,
    out: stream("out"),
    error: stream("error"),
    environment: { CORESCOPE_DEBUG: "1" },
    version: "0.0.0",
    interactive: false,
    explore: async () => 2,
    now: () => performance.now(),
  };
  let code;
  try {
    code = await run(words, world);
  } catch (error) {
    code = 70;
    printed.error += `thrown: ${error?.stack}`;
  }
  const spent = process.cpuUsage(before);
  process.send({ kind: "done", code, ...printed, cpu: spent.user + spent.system });
});

process.send({ kind: "ready" });
