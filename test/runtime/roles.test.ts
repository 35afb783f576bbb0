import { expect, test } from "vitest";
import { roleOf } from "../../src/runtime/roles.js";

test.each([
  ["map<string,*main.Session>", "map[string]*main.Session"],
  ["hash<main.Pair[int,string],map[int]int>", "map[main.Pair[int,string]]map[int]int"],
  ["map<map[[5]string]*main.T>", "map[[5]string]*main.T"],
  ["hchan<func(int, string) chan int>", "chan func(int, string) chan int"],
  ["main.User", "main.User"],
])("%s is called %s", (name, readable) => expect(roleOf(name).readable).toBe(readable));

test.each([
  ["[]noalg.map.group[string]*main.Session", "map[string]*main.Session"],
  ["noalg.map.group[[3]int][2]string", "map[[3]int][2]string"],
  ["[]map.bucket[map[[5]string]*main.T]", "map[[5]string]*main.T"],
  ["[]*table<main.Key,map[string]int>", "map[main.Key]map[string]int"],
  ["bucket<int,int32>", "map[int]int32"],
  ["[]*bucket<int,int32>", "map[int]int32"],
  ["mapextra<int,int32>", "map[int]int32"],
  ["group<string,int>", "map[string]int"],
  ["internal/sync.indirect[interface {},interface {}]", "sync.Map"],
  ["internal/sync.entry[go.shape.interface {},go.shape.interface {}]", "sync.Map"],
  [
    "internal/concurrent.entry[go.shape.*internal/abi.Type,go.shape.interface {}]",
    "internal/concurrent.HashTrieMap[*internal/abi.Type,interface {}]",
  ],
  ["sync.readOnly", "sync.Map"],
  ["[]bucket<interface {},*sync.entry>", "sync.Map"],
  ["hash<interface {},*sync.entry>", "sync.Map"],
])("%s is a part of %s", (name, whole) => {
  expect(roleOf(name).partOf).toBe(whole);
});

test.each(["map<string,int>", "hchan<int>", "main.table", "[]main.group", "main.entry", "sync.Map", "*main.bucket", "sync.entryPoint"])(
  "%s is no part",
  (name) => expect(roleOf(name).partOf).toBeUndefined(),
);
