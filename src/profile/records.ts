/**
 * What a peer remembers of each share and each download, so that a login resumes them after any end. Owns their shapes and the check of what is read back.
 */
import * as z from 'zod'
import { errorCodes, isHash, isName, hasPeerForm, maxPieceBytes, minPieceBytes } from '../contract/index.ts'
import type { ContentId, ErrorCode, FileIdentity, GroupId, GroupName, Manifest, PeerId, UserName } from '../contract/index.ts'

/** Why a share or download does not work. */
export interface Trouble { readonly code: ErrorCode, readonly message: string }

/** A file that lies where the user has it, shared with one group under one name. */
export interface ShareRecord {
  /** 1–64 letters, digits, `-`. */
  readonly id: string
  readonly user: UserName
  readonly group: GroupId
  readonly groupName: GroupName
  readonly name: string
  /** Absolute. */
  readonly path: string
  readonly identity: FileIdentity
  readonly content: ContentId
  readonly manifest: Manifest
  readonly combined?: string
  /** Unix ms. */
  readonly addedAt: number
  readonly error?: Trouble
}

/** Verified bytes from one peer. */
export interface Supply { readonly user: UserName | undefined, readonly peer: PeerId, readonly bytes: number, readonly transport: string }

export interface DownloadRecord {
  /** 1–64 letters, digits, `-`. */
  readonly id: string
  readonly user: UserName
  readonly group: GroupId
  readonly groupName: GroupName
  readonly name: string
  readonly content: ContentId
  readonly manifest: Manifest
  readonly combined?: string
  /** Absolute; `fileName` is the name in it. */
  readonly folder: string
  readonly fileName: string
  readonly overwrite: boolean
  readonly state: 'running' | 'complete' | 'failed'
  /** Unix ms. */
  readonly startedAt: number
  /** Time under way, pauses between processes left out. */
  readonly activeMs: number
  readonly haveBytes: number
  readonly fetchedBytes: number
  readonly resumedBytes: number
  readonly hashedBytes: number
  readonly wastedBytes: number
  /** At most 256 are kept: those who gave most. */
  readonly bytesByPeer: readonly Supply[]
  /** Of the finished file. */
  readonly finishedPath?: string
  readonly identity?: FileIdentity
  readonly error?: Trouble
}

const text = (check: (value: string) => boolean) => (value: unknown): boolean => typeof value === 'string' && check(value)
const hash = <T extends ContentId | GroupId>() => z.custom<T>(text(isHash), '64 hex digits expected')
const userName = z.custom<UserName>(text(isName), 'user name expected')
const groupName = z.custom<GroupName>(text(isName), 'group name expected')
const count = z.int().nonnegative()
const id = z.string().regex(/^[0-9A-Za-z-]{1,64}$/)
const code = z.custom<ErrorCode>(text(value => Object.hasOwn(errorCodes, value)), 'error code expected')
const trouble = z.object({ code, message: z.string() })
const identity = z.object({ inode: z.string(), size: count, mtime: z.string(), ctime: z.string() })
const manifest = z.object({
  format: z.literal(1), scheme: z.string(), coding: z.string(), length: count, root: z.string().regex(/^([0-9a-f]{2})+$/),
  pieceLength: z.int().min(minPieceBytes).max(maxPieceBytes).refine(value => Number.isInteger(Math.log2(value)), 'power of two expected')
})
const supply = z.object({ user: userName.exactOptional(), peer: z.custom<PeerId>(text(hasPeerForm), 'peer id expected'), bytes: count, transport: z.string() })
  .transform(({ user, ...rest }): Supply => ({ user, ...rest }))

const both = {
  id, user: userName, group: hash<GroupId>(), groupName, name: z.string(), content: hash<ContentId>(), manifest,
  combined: z.string().exactOptional(), error: trouble.exactOptional()
}

export const shareSchema: z.ZodType<ShareRecord> = z.object({ ...both, path: z.string(), identity, addedAt: z.number().nonnegative() })

export const downloadSchema: z.ZodType<DownloadRecord> = z.object({
  ...both, folder: z.string(), fileName: z.string(), overwrite: z.boolean(), state: z.enum(['running', 'complete', 'failed']),
  startedAt: z.number().nonnegative(), activeMs: z.number().nonnegative(),
  haveBytes: count, fetchedBytes: count, resumedBytes: count, hashedBytes: count, wastedBytes: count,
  bytesByPeer: z.array(supply), finishedPath: z.string().exactOptional(), identity: identity.exactOptional()
})

const maxSuppliers = 256

/** A record that fits a value of the State, however many peers supplied it. */
export const trimDownload = (record: DownloadRecord): DownloadRecord => record.bytesByPeer.length <= maxSuppliers
  ? record
  : { ...record, bytesByPeer: record.bytesByPeer.toSorted((a, b) => b.bytes - a.bytes).slice(0, maxSuppliers) }
