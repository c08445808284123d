/** Messages about the files of a group. What makes a manifest or a name good is checked by the domain; here is their form. */
import { z } from 'zod'
import type { CatalogFile, FileToShare, Manifest } from '../index.ts'
import { anyList, contentId, count, groupId, hexText, list, nameTag, peerId, typed, userName, word } from './forms.ts'

const manifest = { format: z.literal(1), length: count, pieceLength: z.int().min(1).max(2 ** 31), scheme: word, coding: word, root: hexText }

const version = z.object({
  content: contentId,
  manifest: z.object(manifest) satisfies z.ZodType<Manifest>,
  combined: hexText.exactOptional(),
  sharers: anyList(z.object({ user: userName, peer: peerId, online: z.boolean(), since: count })),
  at: count
})

export const filesRequest = z.strictObject({ group: groupId, name: typed.exactOptional(), after: nameTag.exactOptional() })
export const filesReply = z.object({ files: list(z.object({ tag: nameTag, name: z.string().max(1024), versions: anyList(version) }) satisfies z.ZodType<CatalogFile>, 1000) })

const fileToShare = {
  name: typed, manifest: z.strictObject(manifest), content: contentId.exactOptional(), combined: hexText.exactOptional(), replace: z.boolean()
}

export const shareRequest = z.strictObject({ group: groupId, ...fileToShare }) satisfies z.ZodType<FileToShare>
export const shareReply = z.object({ result: z.enum(['listed', 'added', 'replaced']) })

export const unshareRequest = z.strictObject({ group: groupId, name: typed })
