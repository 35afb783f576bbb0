// What the members of a row have in common: a type, a package, a variable, the function of goroutines.
import { NONE, type NodeId, type TypeId } from "../base/units.js";
import { labelIndex } from "../heap/wholes.js";
import { packageOf } from "./histogram-rows.js";
import type { HeapNames, Sources } from "./sources.js";

/** How rows are grouped: by themselves and types where they are small, by types, or by the packages of types. */
export type Grouping = "none" | "type" | "package";

/** Keys of nodes; equal ones may share a row. */
export interface RowKeys {
  /** NONE of the virtual root. */
  of(node: NodeId): number;
  /** What people call the nodes of a key. */
  label(key: number): string;
}

/** @param names  tell which function a goroutine is in */
export function rowKeys({ heap, runtime }: Pick<Sources, "heap" | "runtime">, names: HeapNames, grouping: Grouping): RowKeys {
  const objectNode = heap.graph.nodeOfObject(0);
  const labels: string[] = [];
  const byName = new Map<string, number>();
  // Keys are numbers from 0 in the order in which they were met; a name and a label differ only for variables.
  const intern = (name: string, label = name): number => {
    let key = byName.get(name);
    if (key === undefined) {
      key = labels.push(label) - 1;
      byName.set(name, key);
    }
    return key;
  };
  const unknown = intern(grouping === "package" ? "(unknown)" : "unknown");
  const { column } = heap.wholes;
  const keyOfName = (name: string) => intern(grouping === "package" ? packageOf(name, runtime.names) : name);
  /** By type, and by label of values without an object of their own. */
  const typeKeys: number[] = [];
  const labelKeys: number[] = [];
  const keyOfType = (type: TypeId): number => {
    const { name, role } = runtime.types.get(type);
    return keyOfName(grouping === "package" ? name : role.readable);
  };
  const ownerKeys = heap.roots.owners.map((owner, id) => {
    // Without a table of functions nobody knows where goroutines are.
    if (owner.goroutine !== undefined) return intern(`goroutine ${names.place(owner.goroutine).function}`.trimEnd());
    // Every variable is a key of its own.
    if (owner.kind === "global" && grouping !== "package") return intern(`variable ${id}`, "global variables");
    if (owner.kind === "data" && owner.name.startsWith("data 0x")) return intern("global variables without a name");
    if (owner.kind === "global" || owner.kind === "data") return intern(`global variables of ${packageOf(owner.name, runtime.names)}`);
    return intern(owner.kind);
  });
  return {
    of(node) {
      if (node < objectNode) return node === 0 ? NONE : ownerKeys[node - 1];
      const id = node - objectNode;
      // A value known by its make, whose first object has no type of its own.
      if (column[id] < NONE) {
        const label = labelIndex(column[id]);
        labelKeys[label] ??= keyOfName(heap.wholes.labels[label]);
        return labelKeys[label];
      }
      const type = heap.types.type[id];
      if (type === NONE) return unknown;
      typeKeys[type] ??= keyOfType(type);
      return typeKeys[type];
    },
    label: (key) => labels[key],
  };
}
