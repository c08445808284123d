/** The other side broke the protocol, so that nothing more of its bytes can be understood or believed. It is data about a peer: the link ends, nothing else. */
export class ProtocolError extends Error { override readonly name = 'ProtocolError' }
