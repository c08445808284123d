/** The peer's own durable facts, as small typed tables over a State. Owns no file: where the State lies, and who may read it, is the command line's matter. */
import type { GroupLogs, RealmPin, State } from '../contract/index.ts'
import type { SigningKey } from '../keys/ed25519.ts'
import { loadDevice } from './device.ts'
import { groupLogs } from './group-logs.ts'
import { recordTable } from './record-table.ts'
import type { RecordTable } from './record-table.ts'
import { downloadSchema, shareSchema, trimDownload } from './records.ts'
import type { DownloadRecord, ShareRecord } from './records.ts'
import { pinTable, settingsTable } from './small-tables.ts'
import type { SmallTable } from './small-tables.ts'

/** @throws ShoalError STATE_FAILED from every method when the State fails */
export interface Profile {
  /** The key of this device, made at first use. Log in with it; the network takes its `libp2p`. */
  deviceKey (): Promise<SigningKey>
  readonly settings: SmallTable<string>
  /** By tracker address, `HOST:PORT`. */
  readonly pins: SmallTable<RealmPin>
  readonly shares: RecordTable<ShareRecord>
  readonly downloads: RecordTable<DownloadRecord>
  readonly logs: GroupLogs
}

export interface ProfileOptions {
  /** Told once of each record that cannot be read and is passed over. @default nobody */
  readonly log?: (line: string) => void
}

/** @throws ShoalError STATE_FAILED when the State fails, or the device's key cannot be read */
export const createProfile = async (state: State, { log }: ProfileOptions = {}): Promise<Profile> => {
  const damaged = (key: string, why: string): void => { log?.(`The profile's record "${key}" cannot be read and is passed over: ${why}`) }
  const device = await loadDevice(state)
  const downloads = recordTable<DownloadRecord>({ state, name: 'download', schema: downloadSchema, since: record => record.startedAt, damaged })
  return {
    deviceKey: () => Promise.resolve(device),
    settings: settingsTable(state, damaged),
    pins: pinTable(state),
    shares: recordTable<ShareRecord>({ state, name: 'share', schema: shareSchema, since: record => record.addedAt, damaged }),
    downloads: { ...downloads, put: record => downloads.put(trimDownload(record)) },
    logs: groupLogs(state, damaged)
  }
}
