/** Files as users name them: those of the machine's file system, or those of a storage that has names of its own, as in a browser. */

/** What tells that a file is still the one that was sealed. Times in nanoseconds as decimal text. */
export interface FileIdentity { readonly inode: string; readonly size: number; readonly mtime: string; readonly ctime: string }

/** `path`: as a `Place` takes it. `name`: what the user called it, in NFC. */
export interface LocalFile { readonly path: string; readonly name: string; readonly identity: FileIdentity }

/** Where a download goes: `path` is `name` in `folder`. */
export interface Destination { readonly folder: string; readonly name: string; readonly path: string }

export interface Files {
  /** @throws ShoalError FILE_NOT_FOUND, NOT_A_FILE, FILE_UNREADABLE */
  inspect (given: string): Promise<LocalFile>
  /** The bytes from the start to the end of now, in parts; each is valid until the next is asked for. @throws as inspect */
  read (path: string): AsyncIterable<Uint8Array>
  /**
   * An existing folder, or one ending in `/` (made if missing): saved there under `fileName`. Else a file path whose parent exists.
   * @param fileName a name that can be saved: see `safeName`
   * @throws ShoalError FILE_EXISTS, FILE_NOT_FOUND, STORAGE_FAILED
   */
  destination (given: string, fileName: string, overwrite: boolean): Promise<Destination>
}

/** The inode without its device, which some file systems number anew at each mount. */
const inodeOf = ({ inode }: FileIdentity): string => inode.slice(inode.indexOf(':') + 1)

export const sameFile = (a: FileIdentity, b: FileIdentity): boolean =>
  inodeOf(a) === inodeOf(b) && a.size === b.size && a.mtime === b.mtime && a.ctime === b.ctime

const maxNameBytes = 255

/**
 * Catalog names are checked by the tracker; a peer does not trust it. Separators and control characters become `_`, so that any name can be saved.
 */
export const safeName = (name: string): string => {
  const cleaned = name.normalize('NFC').replace(/[/\\\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu, '_')
  const plain = /^\.{0,2}$/.test(cleaned) ? `_${cleaned}` : cleaned
  let cut = plain
  while (new TextEncoder().encode(cut).byteLength > maxNameBytes) cut = Array.from(cut).slice(0, -1).join('')
  return cut
}
