/** A .torrent (BitTorrent v1) of one file, for neighbours that need one. */
import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { basename } from 'node:path'

export type Bencodable = string | number | Uint8Array | { readonly [key: string]: Bencodable }

/** Keys of a dictionary in the order of their bytes. */
export const bencode = (value: Bencodable): Buffer => {
  if (typeof value === 'number') return Buffer.from(`i${value}e`)
  if (typeof value === 'string') return bencode(Buffer.from(value))
  if (value instanceof Uint8Array) return Buffer.concat([Buffer.from(`${value.byteLength}:`), value])
  const entries = Object.entries(value).sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  return Buffer.concat([Buffer.from('d'), ...entries.flatMap(([key, inner]) => [bencode(key), bencode(inner)]), Buffer.from('e')])
}

/** As large as ours are. */
const pieceLength = 512 * 1024

export const torrentOf = async (path: string, announce: string): Promise<Buffer> => {
  const file = await open(path)
  try {
    const { size } = await file.stat()
    const piece = Buffer.alloc(pieceLength)
    const hashes: Buffer[] = []
    for (let at = 0; at < size; at += pieceLength) {
      const { bytesRead } = await file.read(piece, 0, pieceLength, at)
      hashes.push(createHash('sha1').update(piece.subarray(0, bytesRead)).digest())
    }
    return bencode({ announce, info: { length: size, name: basename(path), 'piece length': pieceLength, pieces: Buffer.concat(hashes) } })
  } finally { await file.close() }
}
