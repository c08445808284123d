/** Compares many bytes and says in one line how they differ. node:assert and vitest draw a line for every byte: of a megabyte that takes gigabytes. */
import { AssertionError } from 'node:assert/strict'

const difference = (found: Uint8Array, expected: Uint8Array): string | undefined => {
  const at = found.findIndex((byte, i) => byte !== expected[i])
  if (at >= 0 && at < expected.byteLength) return `byte ${at} is ${found[at] ?? 0}, not ${expected[at] ?? 0}`
  return found.byteLength === expected.byteLength ? undefined : `there are ${found.byteLength} bytes, not ${expected.byteLength}`
}

/** Nothing is never the same as something, also not as no bytes. */
export const sameBytes = (found: Uint8Array | undefined, expected: Uint8Array | undefined, what = 'bytes'): void => {
  if (found === undefined && expected === undefined) return
  const how = found === undefined ? 'there is nothing' : expected === undefined ? `there are ${found.byteLength} bytes, not nothing` : difference(found, expected)
  if (how !== undefined) throw new AssertionError({ message: `${what}: ${how}` })
}
