import { expect, test } from "vitest";
import type { GoRuntime } from "../../src/runtime/runtime.js";
import { programFrames } from "../../src/stacks/program-functions.js";

/** Frames of functions, innermost first; "name file" where the file matters. */
function stack(...functions: string[]) {
  return functions.map((each) => {
    const [name, file = ""] = each.split(" ");
    return { function: name, file };
  });
}

function framesOf(module: string, dependencies: readonly string[] = [], runtimeFile = "runtime/proc.go") {
  const functions = { byName: () => ({ entry: 1 }), lineAt: () => ({ file: runtimeFile, line: 1 }) };
  return programFrames({ build: { module, dependencies }, functions } as unknown as GoRuntime);
}

test("the innermost function of the program or of a module it uses", () => {
  const { where } = framesOf("example.com/app");
  expect(where(stack("runtime.gopark", "net.(*conn).Read", "example.com/app/db.Query", "main.main"))?.function).toBe(
    "example.com/app/db.Query",
  );
  expect(where(stack("sync.(*Cond).Wait", "golang.org/x/net/http2.(*pipe).Read", "main.main"))?.function).toBe(
    "golang.org/x/net/http2.(*pipe).Read",
  );
  expect(where(stack("vendor/golang.org/x/net/dns.Read", "main.lookup[go.shape.int]"))?.function).toBe("main.lookup[go.shape.int]");
});

test("modules whose path has no dot are the program's too", () => {
  const name = (frames: ReturnType<typeof framesOf>, ...functions: string[]) => frames.where(stack(...functions))?.function;
  expect(name(framesOf("shop"), "net/http.(*conn).serve", "shop/cart.Add", "main.main")).toBe("shop/cart.Add");
  expect(name(framesOf("shop", ["billing@v1"]), "billing/tax.Rate", "main.main")).toBe("billing/tax.Rate");
  const without = framesOf("", [], "/usr/local/go/src/runtime/proc.go");
  const stacked = ["net/http.(*conn).serve /usr/local/go/src/net/http/server.go", "cart.Add /home/me/cart/cart.go", "main.main"] as const;
  expect(name(without, ...stacked)).toBe("cart.Add");
});

test("what only starts a goroutine is not where it is", () => {
  const { where, beginning } = framesOf("example.com/app");
  const served = stack("internal/poll.(*FD).Accept", "net/http.(*Server).Serve", "main.main.gowrap1", "runtime.goexit");
  expect(where(served)?.function).toBe("net/http.(*Server).Serve");
  const coroutine = stack(
    "runtime.coroswitch",
    "main.(*Tree).All.func1",
    "iter.Pull[go.shape.int].func1",
    "runtime.corostart",
    "runtime.goexit",
  );
  expect(where(coroutine)?.function).toBe("main.(*Tree).All.func1");
  expect(beginning(coroutine)?.function).toBe("main.(*Tree).All.func1");
  const group = stack("runtime.chanrecv1", "main.inner", "main.outer", "sync.(*WaitGroup).Go.func1", "runtime.goexit");
  expect([where(group)?.function, beginning(group)?.function]).toEqual(["main.inner", "main.outer"]);
  expect(beginning(stack("main.inner", "main.serve", "main.main.gowrap2", "runtime.goexit"))?.function).toBe("main.serve");
});

test("a goroutine of the runtime is named by what it runs", () => {
  const { where } = framesOf("example.com/app");
  expect(
    where(stack("runtime.gopark", "runtime.goparkunlock", "runtime.bgsweep", "runtime.gcenable.gowrap1", "runtime.goexit"))?.function,
  ).toBe("runtime.bgsweep");
});
