/** Much of the same, some at once: as fast as the tracker and the disk can be, without a thousand requests waiting. */
const atOnce = 16

/** Rejects with the first error, after what was begun is over; what was not begun by then is not done. */
export const inParallel = async <T>(items: Iterable<T>, work: (item: T) => Promise<void>): Promise<void> => {
  const left = [...items].values()
  const failures: unknown[] = []
  const worker = async (): Promise<void> => {
    for (const item of left) {
      if (failures.length > 0) return
      try { await work(item) } catch (error) { failures.push(error) }
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  if (failures.length > 0) throw failures[0]
}
