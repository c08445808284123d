/** Block data that need not be real: views of one buffer of zeros, which nobody writes to. A poisoner's are ones. */
import { maxPieceBytes } from '../contract/index.ts'

const good = new Uint8Array(maxPieceBytes)
const bad = new Uint8Array(maxPieceBytes).fill(1)

export const blockData = (length: number, isGood: boolean): Uint8Array => (isGood ? good : bad).subarray(0, length)

export const verifies = (parts: readonly Uint8Array[]): boolean => parts.every(part => part[0] === 0)
