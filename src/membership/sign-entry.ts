/** Signs a log entry as its actor. The check of such a signature is in keys/verify-entry.ts. */
import type { DeviceKey, LogEntry } from '../contract/index.ts'
import { encodeEntry, openEntry, sealEntry } from '../core/log-entry.ts'
import type { OpenedEntry } from '../core/log-entry.ts'

export const signEntry = async (entry: LogEntry, device: DeviceKey): Promise<OpenedEntry> => openEntry(sealEntry(entry, await device.sign(encodeEntry(entry))))
