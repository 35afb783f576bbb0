// Binary search over whatever is in order: arrays of records, columns, rows reached through an index.

/**
 * How many of the first `count` indices come before a place in an order, as std::partition_point finds it.
 * @param isBefore  true for all indices up to some one, and false from there on
 * @returns 0 to count: the first index that is not before the place; the one below it is the last that is
 */
export function partitionPoint(count: number, isBefore: (index: number) => boolean): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBefore(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The last of rows in ascending order that begins at or before a place; undefined when all begin after it. */
export function lastAtOrBefore<Row>(rows: readonly Row[], at: number, startOf: (row: Row) => number): Row | undefined {
  return rows[partitionPoint(rows.length, (index) => startOf(rows[index]) <= at) - 1];
}
