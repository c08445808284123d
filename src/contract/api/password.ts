/** How a password becomes the key that the tracker is shown: argon2id at the client, so that the password itself never leaves it. */
import { ShoalError } from '../errors.ts'
import type { PasswordParameters } from '../service.ts'

export const maxPasswordBytes = 1024

/**
 * 32 bytes. Takes about 40 ms of one core with the tracker's default parameters (19 MiB, 2 passes, 1 lane), which blocks the event loop for that time.
 * @throws ShoalError BAD_PASSWORD
 */
export const derivePassword = async (password: string, { salt, memoryKiB, passes, lanes }: PasswordParameters): Promise<Uint8Array> => {
  // composed, so that it is the same password from whichever keyboard it is typed
  const bytes = new TextEncoder().encode(password.normalize('NFC'))
  if (bytes.byteLength === 0) throw new ShoalError('BAD_PASSWORD', 'Cannot take this password: it is empty. Choose one of 1–1,024 bytes.')
  if (bytes.byteLength > maxPasswordBytes) throw new ShoalError('BAD_PASSWORD', `Cannot take this password: it has ${bytes.byteLength} bytes. Choose one of 1–1,024 bytes.`)
  // 30 kB of WebAssembly that most commands do not need
  const { argon2id } = await import('hash-wasm')
  return await argon2id({ password: bytes, salt, memorySize: memoryKiB, iterations: passes, parallelism: lanes, hashLength: 32, outputType: 'binary' })
}
