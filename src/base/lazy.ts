// Values that cost something, computed when they are first asked for.

/** Computed once, at first use; a throw keeps nothing. */
export function lazy<T>(compute: () => T): () => T {
  let value: { readonly it: T } | undefined;
  return () => {
    value ??= { it: compute() };
    return value.it;
  };
}
