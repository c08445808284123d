/** How long a message is on the wire. The numbers are those of src/wire, which the simulator does not use: its messages stay values. A test compares them. */
import type { Message } from '../core/message.ts'

const headBytes = 5

const payloadBytes = (message: Message): number => {
  switch (message.type) {
    case 'hello': return 10 + message.agent.length
    case 'open': return 74 + message.credential.byteLength
    case 'refuse': return 4
    case 'close': return 68
    case 'pieces': return 5 + (message.have === 'all' ? 0 : message.have.byteLength)
    case 'have': return 4 + 4 * message.pieces.length
    case 'want':
    case 'choke': return 5
    case 'request': return 20
    case 'cancel':
    case 'reject': return 16
    case 'block': return 12 + message.data.byteLength
    case 'ask-hashes':
    case 'no-hashes': return 11
    case 'hashes': return 13 + message.hashes.byteLength + message.proof.byteLength
    case 'removal': return 4 + message.entry.byteLength
  }
}

export const frameBytes = (message: Message): number => headBytes + payloadBytes(message)
