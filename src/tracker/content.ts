/** Which content a shared file is: the tracker computes the id itself and takes nobody's word for it. */
import { ShoalError } from '../contract/index.ts'
import type { ContentId, FileToShare, Manifest } from '../contract/index.ts'
import { checkManifest, contentId } from '../core/content-id.ts'

/** First-party schemes whose root depends on the piece length. For others the sharer says which of the two ids is meant. */
const pieceLengthInRoot: ReadonlySet<string> = new Set(['sha1'])

const combinedForm = /^(?:[0-9a-f]{2}){1,128}$/

export interface CheckedContent { readonly id: ContentId, readonly manifest: Manifest, readonly combined: string | undefined }

/** @throws BAD_REQUEST */
export const checkContent = (file: Pick<FileToShare, 'manifest' | 'content' | 'combined'>): CheckedContent => {
  const manifest = checkManifest(file.manifest)
  const { combined, content } = file
  if (combined !== undefined && !combinedForm.test(combined)) throw new ShoalError('BAD_REQUEST', 'Cannot list this file: its combined hash is not 2–256 hex digits. Update the peer.')
  if (content === undefined) return { id: contentId(manifest, { rootDependsOnPieceLength: pieceLengthInRoot.has(manifest.scheme) }), manifest, combined }
  const id = [true, false].map(rootDependsOnPieceLength => contentId(manifest, { rootDependsOnPieceLength })).find(possible => possible === content)
  if (id === undefined) throw new ShoalError('BAD_REQUEST', 'Cannot list this file: its content id is not that of its manifest. Update the peer.')
  return { id, manifest, combined }
}
