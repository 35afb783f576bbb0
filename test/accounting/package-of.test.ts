import { expect, test } from "vitest";
import { packageOf } from "../../src/accounting/histogram-rows.js";
import { NO_NAMES, PackageNames } from "../../src/base/package-names.js";

test("a type belongs to the package of its first qualified name", () => {
  const packages = {
    "main.User": "main",
    "[]*encoding/json.Decoder": "encoding/json",
    "[]noalg.map.group[string]*main.Session": "main",
    "internal/sync.entry[interface {},interface {}]": "internal/sync",
    "golang.org/x/exp/trace.Event": "golang.org/x/exp/trace",
    "func net/http.(*Server).Serve.func1": "net/http",
    "hash<string,*main.T>": "main",
    "map[string]int": "(builtin)",
    "[]uint8": "(builtin)",
    unknown: "(unknown)",
    "unknown (no pointers)": "(unknown)",
  };
  for (const [type, wanted] of Object.entries(packages)) expect([type, packageOf(type, NO_NAMES)]).toEqual([type, wanted]);
});

test("a path may have dots in its last element", () => {
  const names = new PackageNames([{ path: "gopkg.in/yaml.v3", name: "yaml" }]);
  expect(packageOf("map[string]*gopkg.in/yaml.v3.Node", names)).toBe("gopkg.in/yaml.v3");
});
