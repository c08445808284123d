/** What went wrong between here and the tracker, as errors for people. Owns the wording. */
import { ShoalError } from '../../contract/index.ts'

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'there is no host of that name',
  EAI_AGAIN: 'the name of the host cannot be looked up now',
  EHOSTUNREACH: 'there is no way to that host',
  ENETUNREACH: 'there is no way to that network',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  ETIMEDOUT: 'it does not answer',
  EPROTO: 'what answers there does not speak TLS'
}

const reasonOf = (cause: unknown): string => {
  if (!(cause instanceof Error)) return String(cause)
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : ''
  return reasons[code] ?? (code.startsWith('ERR_SSL') || code.startsWith('ERR_TLS') ? 'what answers there does not speak TLS' : cause.message)
}

export const unreachable = (where: string, cause: unknown): ShoalError => ShoalError.is(cause)
  ? cause
  : new ShoalError('TRACKER_UNREACHABLE', `Cannot reach the tracker at ${where}: ${reasonOf(cause)}. Check the address and that \`shoal tracker\` runs there; a tracker on 127.0.0.1 is seen from its own machine only.`, { cause })

export const timedOut = (where: string, timeoutMs: number): ShoalError =>
  new ShoalError('TRACKER_UNREACHABLE', `Cannot reach the tracker at ${where}: no answer within ${timeoutMs / 1000} s. Check the address and that \`shoal tracker\` runs there; a tracker on 127.0.0.1 is seen from its own machine only.`)

export const notOurs = (where: string, what: string): ShoalError =>
  new ShoalError('TRACKER_ERROR', `Cannot understand the tracker at ${where}: ${what}. Check that it is a Shoal tracker; update the older of the two.`)

export const keyChanged = (where: string, pinned: string, shown: string): ShoalError =>
  new ShoalError('TRACKER_KEY_CHANGED', `Cannot trust the tracker at ${where}: it shows the realm key sha256=${shown}, but sha256=${pinned} is pinned. If its owner says that the new one is right, give it as #sha256=; else somebody is in between. Nothing secret was sent.`)

export const keyRefused = (where: string, cause: unknown): ShoalError =>
  new ShoalError('TRACKER_KEY_CHANGED', `Cannot trust who answers at ${where}: it is another peer than the one in the address. Ask the tracker's owner for its address. Nothing secret was sent.`, { cause })

export const unproved = (where: string): ShoalError =>
  new ShoalError('TRACKER_KEY_CHANGED', `Cannot trust the tracker at ${where}: the realm key did not sign the key that this connection proved. Somebody may be in between. Nothing secret was sent.`)

export const unkept = (where: string, cause: unknown): ShoalError =>
  new ShoalError('STATE_FAILED', `Cannot keep the pin of the tracker at ${where}: ${cause instanceof Error ? cause.message : String(cause)}. Nothing was sent; check the disk and the permissions.`, { cause })

/** Why a signal was aborted, as an error that a command may end with. */
export const interrupted = (signal: AbortSignal): ShoalError => {
  const reason: unknown = signal.reason
  if (ShoalError.is(reason)) return reason
  if (reason instanceof Error && reason.name === 'TimeoutError') return new ShoalError('TRACKER_UNREACHABLE', 'The tracker did not answer in time. Try again.', { cause: reason })
  return new ShoalError('INTERRUPTED', 'Interrupted while the tracker was asked. Run it again.', { cause: reason })
}
