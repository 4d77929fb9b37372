/** Works on several items at once and hands the results on in order. */

/**
 * @param limit most items at once, counting those that are finished but not yet taken
 * @throws what `work` throws for an item, when the item's turn comes
 */
export async function* inOrder<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const left = items.values();
  const underWay: Promise<R>[] = [];
  const startNext = (): void => {
    const { value: item, done } = left.next();
    if (done === true) return;
    const result = work(item);
    // Prevents an unhandled rejection: an item that fails while an earlier one is awaited is reported when its turn
    // comes.
    result.catch(() => {});
    underWay.push(result);
  };
  for (let i = 0; i < limit; i++) startNext();
  for (let next = underWay.shift(); next !== undefined; next = underWay.shift()) {
    const result = await next;
    startNext();
    yield result;
  }
}
