/** The form of every value in the State: a format byte, then fields. Owns no fields: each subject writes and reads its own. */
import { byteReader, byteWriter, MalformedError, ShoalError } from '../contract/index.ts'
import type { ByteReader, ByteWriter, Entry } from '../contract/index.ts'

export interface RecordForm<T> {
  encode (value: T): Uint8Array
  /** @throws ShoalError STATE_FAILED when the value was not written by this form */
  decode (entry: Entry): T
}

export const recordForm = <T>(write: (writer: ByteWriter, value: T) => ByteWriter, read: (reader: ByteReader) => T): RecordForm<T> => ({
  encode: value => write(byteWriter(128).u8(1), value).finish(),
  decode ({ key, value }) {
    try {
      const reader = byteReader(value)
      const format = reader.u8()
      if (format !== 1) throw new MalformedError(`Format ${format} is not known here: only 1.`)
      const decoded = read(reader)
      reader.end()
      return decoded
    } catch (cause) {
      if (!(cause instanceof MalformedError)) throw cause
      throw new ShoalError('STATE_FAILED', `Cannot read "${key}" from the tracker's state: ${cause.message} Update Shoal if a newer one wrote it, or restore a backup.`, { cause })
    }
  }
})
