// Strongly connected components of small graphs. Tarjan, Depth-first search and linear graph algorithms (1972), without recursion.

/**
 * The components that hold a cycle: several nodes that all reach each other, or one with an edge to itself.
 * @param edges [nodes] targets of each node; parallel edges are allowed
 * @returns nodes of each component; a component comes after those that it reaches. Time and memory are linear.
 */
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
      // All edges of the node are followed: it is done, and the root of a component when it reaches nothing older.
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
