import { expect, test } from "vitest";
import { functionShape, pathShape, signatureOf } from "../../src/base/signature.js";
import { findingSignature } from "../../src/diagnosis/signature.js";

test("a path has no keys, indexes, addresses or numbers of goroutines; types and fields stay", () => {
  expect(pathShape('main.cache["a\\"]b"].list[3].next')).toBe("main.cache[].list[].next");
  expect(pathShape("g17.main.run.func2.s.items")).toBe("g.main.run.func.s.items");
  expect(pathShape("g17.main.run#3.s")).toBe("g.main.run.s");
  expect(pathShape("goroutine 9 main.(*Store).put")).toBe("goroutine main.(*Store).put");
  expect(pathShape("(*main.Node)(0xc000012000).next")).toBe("(*main.Node).next");
  expect(pathShape("main.tied.Any.(*api.v3.Node).Value")).toBe("main.tied.Any.(*api.v3.Node).Value");
  expect(functionShape("main.start.func1.2")).toBe("main.start.func");
  expect(functionShape("main.sha256sum")).toBe("main.sha256sum");
});

test("counts, sizes, ids and lines do not change a signature; rule, holder, types and functions do", () => {
  const members = { count: 4000, type: "main.Session" };
  const figures = { holder: 'main.byToken["x"]', isRuntimes: false, type: "map[string]*main.Session", members };
  const of = (changed: object, rule: "accumulation" | "large-object" = "accumulation") =>
    findingSignature(rule, { kind: "object" }, { ...figures, ...changed }, []);
  const first = of({});
  expect(first).toMatch(/^[0-9a-f]{12}$/);
  expect(of({ holder: 'main.byToken["y"]', members: { ...members, count: 9 } })).toBe(first);
  expect(of({ members: { count: 4000, type: "sync.entry" } }), "inside a named holder").toBe(first);
  expect(of({ type: "map[interface {}]*sync.entry" }), "the inside of a sync.Map").toBe(
    of({ type: "*internal/sync.node[interface {},interface {}]" }),
  );
  const mapped = (by: string) => findingSignature("forgotten-mappings", { kind: "process" }, { by: [by], count: 2, forgotten: 1 }, []);
  expect(mapped("syscall.Mmap")).not.toBe(mapped("unix.Mmap"));
  const others = [
    of({ holder: "main.byUser" }),
    of({ type: "map[int]*main.Session" }),
    of({ holder: "(*main.Node)(0xc000012000)" }),
    of({ holder: "(*main.Node)(0xc000012000)", members: { count: 4000, type: "main.User" } }),
    of({}, "large-object"),
  ];
  expect(new Set([first, ...others]).size).toBe(6);
  const group = {
    file: "a.go",
    line: 3,
    count: 9,
    ids: [1],
    function: "main.serve.func1",
    state: "select",
    entries: [],
    heapBytes: 1,
    stackBytes: 2,
  };
  const goroutines = (changed: object) => findingSignature("goroutine-stacks", { kind: "goroutines" }, { ...group, ...changed }, []);
  expect(goroutines({ line: 4, count: 10, ids: [2], function: "main.serve.func2" })).toBe(goroutines({}));
  expect(goroutines({ state: "chan send" })).not.toBe(goroutines({}));
});

test("signatures of ten thousand names differ", () => {
  const all = Array.from({ length: 10_000 }, (_, i) => signatureOf(["accumulation", `main.store${i}`]));
  expect(new Set(all).size).toBe(all.length);
});
