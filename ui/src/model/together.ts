// Doing something with each of many, a few at a time.

/** Runs `work` with each item, `most` of them at the same time and in their order; ends when all have. `work` must not fail. */
export async function together<T>(items: readonly T[], most: number, work: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let at = next++; at < items.length; at = next++) await work(items[at] as T);
  };
  await Promise.all(Array.from({ length: Math.min(most, items.length) }, worker));
}
