import { expect, test } from "vitest";
import { goCommandOf } from "../../src/base/go-command.js";

test("programs that go run and go test made are known by their folder", () => {
  expect(goCommandOf("/tmp/go-build2867545048/b001/exe/main")).toBe("run");
  expect(goCommandOf("/tmp/go-build2867545048/b001/exe/main (deleted)")).toBe("run");
  expect(goCommandOf("/root/.cache/go-build/ab/abcdef-d/main")).toBe("run");
  expect(goCommandOf("/tmp/go-build1/b001/pkg.test")).toBe("test");
  expect(goCommandOf("/tmp/go-build1/b001/pkg.test (deleted)")).toBe("test");
  for (const path of ["/srv/go-builder/main", "/srv/my.test", ""]) expect(goCommandOf(path)).toBeUndefined();
});
