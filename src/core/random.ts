/** The session's only source of chance: a small seeded generator, for orders, ties and jitter. Not for secrets. */

export interface Random {
  /** Uniform in [0, 1). */
  next (): number
  /** An integer, uniform in [0, limit). */
  below (limit: number): number
}

/** A Weyl sequence through a 32-bit mixer: 2^32 steps before it repeats. */
export const random = (seed: number): Random => {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x9e3779b9) >>> 0
    let mixed = state
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
    return ((mixed ^ (mixed >>> 16)) >>> 0) / 0x1_0000_0000
  }
  return { next, below: limit => Math.floor(next() * limit) }
}

/** A seed that differs from peer to peer: with one for all, those who fetch the same would choose the same pieces at the same time, and have nothing to give each other. */
export const mixed = (seed: number, name: string): number => {
  let hash = seed >>> 0
  for (let at = 0; at < name.length; at++) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193)
  return hash >>> 0
}
