/** How a password becomes the key that the tracker is shown: argon2id at the client, so that the password itself never leaves it. */
import { ShoalError } from '../errors.ts'
import type { PasswordParameters } from '../service.ts'

export const maxPasswordBytes = 1024

const keyBytes = 32
type Derive = (password: Uint8Array, parameters: PasswordParameters) => Promise<Uint8Array>

const argon2 = (globalThis as { readonly process?: Pick<typeof process, 'getBuiltinModule'> }).process?.getBuiltinModule('node:crypto').argon2

/** 30 kB of WebAssembly that most commands do not need. It blocks the event loop, and its memory stays until it is collected. */
export const deriveAnywhere: Derive = async (password, { salt, memoryKiB, passes, lanes }) => {
  const { argon2id } = await import('hash-wasm')
  return argon2id({ password, salt, memorySize: memoryKiB, iterations: passes, parallelism: lanes, hashLength: keyBytes, outputType: 'binary' })
}

/** By Node, on a thread, with memory that is free at once. Undefined where there is no Node, or none with argon2. */
export const deriveByNode: Derive | undefined = argon2 === undefined ? undefined : (message, { salt, memoryKiB, passes, lanes }) => new Promise((resolve, reject) => {
  argon2('argon2id', { message, nonce: salt, memory: memoryKiB, passes, parallelism: lanes, tagLength: keyBytes }, (error, key) => {
    if (error === null) resolve(new Uint8Array(key))
    else reject(error)
  })
})

const isWithout = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ERR_CRYPTO_ARGON2_NOT_SUPPORTED'

/** A Node over an old OpenSSL has the function and says that it cannot. */
const derive: Derive = deriveByNode === undefined ? deriveAnywhere : (password, parameters) =>
  deriveByNode(password, parameters).catch((error: unknown) => {
    if (!isWithout(error)) throw error
    return deriveAnywhere(password, parameters)
  })

/**
 * 32 bytes. Takes about 40 ms of one core with the tracker's default parameters (19 MiB, 2 passes, 1 lane).
 * @throws ShoalError BAD_PASSWORD
 */
export const derivePassword = async (password: string, parameters: PasswordParameters): Promise<Uint8Array> => {
  // composed, so that it is the same password from whichever keyboard it is typed
  const bytes = new TextEncoder().encode(password.normalize('NFC'))
  if (bytes.byteLength === 0) throw new ShoalError('BAD_PASSWORD', 'Cannot take this password: it is empty. Choose one of 1–1,024 bytes.')
  if (bytes.byteLength > maxPasswordBytes) throw new ShoalError('BAD_PASSWORD', `Cannot take this password: it has ${bytes.byteLength} bytes. Choose one of 1–1,024 bytes.`)
  return derive(bytes, parameters)
}
