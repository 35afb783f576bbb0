/** Package names, short for people and whole again. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NO_NAMES, PackageNames, realName } from "../../src/base/package-names.js";

const packages = [
  { path: "main", name: "main" },
  { path: "runtime", name: "runtime" },
  { path: "net/http", name: "http" },
  { path: "github.com/x/broker-server/v2/server", name: "server" },
  { path: "github.com/x/y", name: "y" },
  { path: "github.com/x/foo/v2", name: "foo" },
  { path: "gopkg.in/yaml.v3", name: "yaml" },
  { path: "github.com/mattn/go-sqlite3", name: "sqlite3" },
  { path: "k8s.io/api/core/v1", name: "v1" },
  { path: "k8s.io/api/apps/v1", name: "v1" },
  { path: "math/rand", name: "rand" },
  { path: "math/rand/v2", name: "rand" },
  { path: "crypto/rand", name: "rand" },
  { path: "example.com/a/store", name: "store" },
  { path: "example.com/b/store", name: "store" },
  { path: "vendor/golang.org/x/net/hpack", name: "hpack" },
  { path: "golang.org/x/net/hpack", name: "hpack" },
  { path: "kvstore", name: "kvstore" },
  { path: "example.com/kvstore", name: "kvstore" },
];
const names = new PackageNames(packages);

const pairs: readonly (readonly [string, string])[] = [
  ["github.com/x/broker-server/v2/server.(*client).readLoop", "server.(*client).readLoop"],
  ["g117.github.com/x/broker-server/v2/server.(*client).readLoop.acc", "g117.server.(*client).readLoop.acc"],
  ["*github.com/x/foo/v2.T", "*foo.T"],
  ["map[string]*gopkg.in/yaml.v3.Node", "map[string]*yaml.Node"],
  ["main.Cache[string,*github.com/x/y.T]", "main.Cache[string,*y.T]"],
  ["[]map<k8s.io/api/core/v1.Pod,*k8s.io/api/apps/v1.Set>", "[]map<core/v1.Pod,*apps/v1.Set>"],
  ["math/rand.Rand crypto/rand.Reader math/rand/v2.Rand", "math/rand.Rand crypto/rand.Reader math/rand/v2.Rand"],
  ["example.com/a/store.x[3].(*example.com/b/store.T)", "a/store.x[3].(*b/store.T)"],
  ["(*github.com/x/y.T)(0xc000012000).F", "(*y.T)(0xc000012000).F"],
  ["func github.com/x/y.(*T).Run.func1", "func y.(*T).Run.func1"],
  ["func(net/http.ResponseWriter, *net/http.Request)", "func(http.ResponseWriter, *http.Request)"],
  ["github.com/mattn/go-sqlite3.conn", "sqlite3.conn"],
  ["vendor/golang.org/x/net/hpack.T golang.org/x/net/hpack.T", "vendor/golang.org/x/net/hpack.T golang.org/x/net/hpack.T"],
  ["kvstore.a example.com/kvstore.b", "kvstore.a example.com/kvstore.b"],
  ["main.main runtime.gopark", "main.main runtime.gopark"],
  ['main.m["github.com/x/y.T"].F', 'main.m["github.com/x/y.T"].F'],
  ["struct { F github.com/x/y.T; G []*net/http.Client }", "struct { F y.T; G []*http.Client }"],
];

describe("short names", () => {
  it.each(pairs)("%s", (whole, short) => {
    expect(names.shorten(whole)).toBe(short);
    expect(names.expand(short)).toBe(whole);
    expect(names.expand(whole)).toBe(whole);
    expect(names.shorten(short)).toBe(short);
  });

  it("gives no two packages one name, and takes every name back", () => {
    const list = names.list();
    expect(list.length).toBe(packages.length);
    expect(new Set(list.map(({ name }) => name)).size).toBe(packages.length);
    for (const { path, name } of list) {
      expect(names.expand(`${name}.X`)).toBe(`${path}.X`);
      expect(path.endsWith(name) || packages.some((each) => each.path === path && each.name === name)).toBe(true);
    }
  });

  it("does so whatever the packages are", () => {
    const element = fc.constantFrom("a", "b", "v2", "v1", "x.y", "c.v3");
    const path = fc.array(element, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));
    fc.assert(
      fc.property(fc.uniqueArray(path, { maxLength: 30 }), fc.boolean(), (paths, named) => {
        const all = new PackageNames(paths.map((each) => ({ path: each, name: named ? "same" : "" })));
        const shorts = paths.map((each) => all.shorten(`${each}.T`));
        expect(new Set(shorts).size).toBe(paths.length);
        for (const [i, short] of shorts.entries()) expect(all.expand(short)).toBe(`${paths[i]}.T`);
      }),
    );
  });

  it("leaves files, paths and unknown packages alone, and cuts files before a line to the folder", () => {
    expect(names.shorten("github.com/x/y.go")).toBe("github.com/x/y.go");
    expect(names.shorten("see github.com/x/y. And more")).toBe("see github.com/x/y. And more");
    expect(names.shorten("https://github.com/x/y.git")).toBe("https://github.com/x/y.git");
    expect(names.shorten("github.com/x/unknown.T")).toBe("github.com/x/unknown.T");
    expect(names.shorten("at github.com/x/y/client.go:12")).toBe("at y/client.go:12");
    expect(names.shorten("/root/go/pkg/mod/github.com/x/y@v1.2.3/client.go:12 +0x1")).toBe("y@v1.2.3/client.go:12 +0x1");
    expect(NO_NAMES.shorten("github.com/x/y.T")).toBe("github.com/x/y.T");
  });

  it("takes any ending of a path that only one package has", () => {
    expect(names.expand("yaml.v3.Node")).toBe("gopkg.in/yaml.v3.Node");
    expect(names.expand("go-sqlite3.conn")).toBe("github.com/mattn/go-sqlite3.conn");
    expect(names.expand("broker-server/v2/server.pool")).toBe("github.com/x/broker-server/v2/server.pool");
    expect(names.expand("store.x")).toBe("store.x");
    const isThere = (name: string) => ["example.com/b/store.x", "math/rand.both", "crypto/rand.both"].includes(name);
    expect(names.expand("store.x", isThere)).toBe("example.com/b/store.x");
    expect(names.expand('m["store.x"]', isThere)).toBe('m["store.x"]');
    for (const unknown of ["store.y", "rand.both", "nobody.x", "g7.store.x"]) expect(names.expand(unknown, isThere)).toBe(unknown);
    expect(names.expand("main.a[0].server.y.foo")).toBe("main.a[0].server.y.foo");
    expect(names.expand("main.server.y")).toBe("main.server.y");
  });

  it("writes names as the linker does", () => {
    expect(names.symbolOf("gopkg.in/yaml.v3.(*Node).Decode")).toBe("gopkg.in/yaml%2ev3.(*Node).Decode");
    expect(names.symbolOf("github.com/x/y.F")).toBe("github.com/x/y.F");
  });

  it("knows the path that a name begins with", () => {
    expect(names.pathAt("gopkg.in/yaml.v3.Node")).toBe("gopkg.in/yaml.v3");
    expect(names.pathAt("github.com/x/y.(*T).F")).toBe("github.com/x/y");
    expect(names.pathAt("main.T")).toBe("main");
    expect(names.pathAt("nobody.T")).toBeUndefined();
  });
});

describe("names as the linker writes them", () => {
  it.each([
    ["gopkg.in/yaml%2ev3.(*Node).Decode", "gopkg.in/yaml.v3.(*Node).Decode"],
    ["map[string]*a/b%2ec.T", "map[string]*a/b.c.T"],
    ["a%c3%a9/b.T", "aé/b.T"],
    ['struct { A int "x:\\"%2e\\"" }', 'struct { A int "x:\\"%2e\\"" }'],
    ["50% of %ff", "50% of %ff"],
    ["main.T", "main.T"],
  ])("%s", (symbol, real) => expect(realName(symbol)).toBe(real));
});
