/** As much of node:assert/strict as the contract suites use, for running them in a page. Owns nothing that is published. */

export class AssertionError extends Error {
  constructor ({ message }: { readonly message: string }) {
    super(message)
    this.name = 'AssertionError'
  }
}

const shown = (value: unknown): string => {
  if (value instanceof Uint8Array) return `Uint8Array(${value.byteLength}) ${Array.from(value.subarray(0, 32)).join(' ')}`
  if (value instanceof Set) return `Set ${shown([...value])}`
  if (value instanceof Error) return `${value.name}: ${value.message}`
  return JSON.stringify(value, (_, inner: unknown) => inner instanceof Uint8Array ? shown(inner) : inner)
}
const fail = (message: string | undefined, otherwise: string): never => { throw new AssertionError({ message: message ?? otherwise }) }

const keysOf = (value: object): readonly string[] => Object.keys(value).sort()

const same = (a: unknown, b: unknown): boolean => {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null || Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false
  if (a instanceof Uint8Array && b instanceof Uint8Array) return a.byteLength === b.byteLength && a.every((byte, i) => byte === b[i])
  if (a instanceof Set && b instanceof Set) return a.size === b.size && [...a].every(item => b.has(item) || [...b].some(other => same(item, other)))
  const [left, right] = [keysOf(a), keysOf(b)]
  return left.length === right.length && left.every((key, i) => key === right[i] && same(Reflect.get(a, key), Reflect.get(b, key)))
}

type Expected = ((error: unknown) => boolean) | { readonly code: string }

const fits = (error: unknown, expected: Expected): boolean =>
  typeof expected === 'function' ? expected(error) : typeof error === 'object' && error !== null && Reflect.get(error, 'code') === expected.code

const assert = {
  ok (value: unknown, message?: string): void { if (value === undefined || value === false || value === 0 || value === '' || value === null) fail(message, `${shown(value)} is not true`) },
  equal (found: unknown, expected: unknown, message?: string): void { if (!Object.is(found, expected)) fail(message, `${shown(found)} is not ${shown(expected)}`) },
  throws (work: () => unknown, expected: Expected, message?: string): void {
    try { work() } catch (error) {
      if (!fits(error, expected)) fail(undefined, `${message ?? 'thrown otherwise'}: ${shown(error)}`)
      return
    }
    fail(message, 'it did not throw')
  },
  match (found: string, pattern: RegExp, message?: string): void { if (!pattern.test(found)) fail(message, `${found} does not match ${String(pattern)}`) },
  deepEqual (found: unknown, expected: unknown, message?: string): void {
    if (!same(found, expected)) fail(undefined, `${message === undefined ? '' : `${message}: `}${shown(found)} is not ${shown(expected)}`)
  },
  async rejects (work: Promise<unknown> | (() => Promise<unknown>), expected: Expected, message?: string): Promise<void> {
    try { await (typeof work === 'function' ? work() : work) } catch (error) {
      if (!fits(error, expected)) fail(undefined, `${message ?? 'rejected otherwise'}: ${shown(error)}`)
      return
    }
    fail(message, 'it was not rejected')
  }
}

export default assert
