// What the members of a row have in common: a type, a package, a variable, the function of goroutines.
import { NONE, type NodeId } from "../base/units.js";
import { isMapPart, packageOf } from "./histogram-rows.js";
import type { HeapNames, Sources } from "./sources.js";

/** How rows are grouped: by themselves and types where they are small, by types, or by the packages of types. */
export type Grouping = "none" | "type" | "package";

/** Keys of nodes; equal ones may share a row. */
export interface RowKeys {
  /** NONE of the virtual root. */
  of(node: NodeId): number;
  /** What people call the nodes of a key. */
  label(key: number): string;
  /** The node belongs to its parent's row: the parts of a map, and in rows of one type whatever is of that type. */
  joins(node: NodeId, key: number, parentKey: number): boolean;
}

export function rowKeys({ heap, runtime }: Pick<Sources, "heap" | "runtime">, names: HeapNames, grouping: Grouping): RowKeys {
  const objectNode = heap.graph.nodeOfObject(0);
  const labels: string[] = [];
  const byName = new Map<string, number>();
  const intern = (name: string, label = name): number => {
    let key = byName.get(name);
    if (key === undefined) {
      key = labels.push(label) - 1;
      byName.set(name, key);
    }
    return key;
  };
  const unknown = intern(grouping === "package" ? "(unknown)" : "unknown");
  const isPart: boolean[] = [];
  const typeKey: number[] = [];
  const part: boolean[] = [];
  const keyOfType = (type: number): number => {
    if (typeKey[type] !== undefined) return typeKey[type];
    const { name, role } = runtime.types.get(type);
    part[type] = isMapPart(role);
    const key = intern(grouping === "package" ? packageOf(name, runtime.names) : role.readable);
    isPart[key] = grouping !== "package" && (part[type] || role.readable !== name);
    typeKey[type] = key;
    return key;
  };
  const ownerKeys = heap.roots.owners.map((owner, id) => {
    if (owner.goroutine !== undefined) return intern(`goroutine ${names.place(owner.goroutine).function}`);
    // Every variable is a key of its own.
    if (owner.kind === "global" && grouping !== "package") return intern(`variable ${id}`, "global variables");
    if (owner.kind === "global" || owner.kind === "data") return intern(`global variables of ${packageOf(owner.name, runtime.names)}`);
    return intern(owner.kind);
  });
  return {
    of(node) {
      if (node < objectNode) return node === 0 ? NONE : ownerKeys[node - 1];
      const type = heap.types.type[node - objectNode];
      return type === NONE ? unknown : keyOfType(type);
    },
    label: (key) => labels[key],
    joins(node, key, parentKey) {
      if (node < objectNode || parentKey < 0) return false;
      if (key === parentKey) return true;
      const type = heap.types.type[node - objectNode];
      return isPart[parentKey] === true && type !== NONE && part[type] === true;
    },
  };
}
