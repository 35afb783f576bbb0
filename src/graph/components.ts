// Strongly connected components of small graphs. Tarjan 1972, without recursion.

/** Components of the nodes 0 .. edges.length - 1 that hold a cycle: several nodes, or one with an edge to itself. */
export function cyclicComponents(edges: readonly (readonly number[])[]): number[][] {
  const count = edges.length;
  const order = new Int32Array(count).fill(-1);
  const low = new Int32Array(count);
  const next = new Int32Array(count);
  const onStack = new Uint8Array(count);
  const stack: number[] = [];
  const found: number[][] = [];
  let visited = 0;
  for (let root = 0; root < count; root++) {
    if (order[root] >= 0) continue;
    const path = [root];
    for (let node = path.at(-1); node !== undefined; node = path.at(-1)) {
      if (order[node] < 0) {
        order[node] = low[node] = visited++;
        onStack[node] = 1;
        stack.push(node);
      }
      if (next[node] < edges[node].length) {
        const to = edges[node][next[node]++];
        if (order[to] < 0) path.push(to);
        else if (onStack[to]) low[node] = Math.min(low[node], order[to]);
        continue;
      }
      path.pop();
      const parent = path.at(-1);
      if (parent !== undefined) low[parent] = Math.min(low[parent], low[node]);
      if (low[node] < order[node]) continue;
      const component = stack.splice(stack.lastIndexOf(node));
      for (const each of component) onStack[each] = 0;
      if (component.length > 1 || edges[node].includes(node)) found.push(component);
    }
  }
  return found;
}
