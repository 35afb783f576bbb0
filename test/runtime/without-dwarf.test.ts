import { expect, test } from "vitest";
import { bytesSource } from "../../src/base/source.js";
import type { Process } from "../../src/process/process.js";
import { withoutDwarf } from "../../src/runtime/without-dwarf.js";

const of = (name: string, sections: readonly string[], bytes = new Uint8Array(64)) =>
  withoutDwarf(
    { executable: { source: bytesSource(name, bytes), sections: sections.map((each) => ({ name: each })) } } as unknown as Process,
    ["beside it"],
  );

test("an executable without debug information is named for what it is, with the way out", () => {
  expect(of("app", [".gopclntab"])).toMatchObject({
    found: expect.stringContaining("without DWARF"),
    advice: { id: "debug-information", looked: ["beside it"] },
  });
  expect(of("/tmp/go-build12/b001/a.test", [".gopclntab"])).toMatchObject({ advice: { id: "build-to-stay", goCommand: "test" } });
  expect(of("app", [])).toMatchObject({ found: expect.stringContaining("no Go program"), advice: { id: "executable", doubt: "no Go" } });
  const packed = new Uint8Array(2048);
  packed.set(Buffer.from("UPX!"), 236);
  expect(of("app", [], packed)).toMatchObject({ found: "an executable packed by UPX", advice: { id: "upx", path: "app" } });
});
