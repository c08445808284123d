/** The peer of this page: its plugins, the tracker it belongs to, and the two things that a page does with files of its own. */
import { createShoal, ShoalError } from 'shoal/browser'
import type { RealmPin, Shoal } from 'shoal/browser'
import state from 'shoal/plugins/state-indexeddb'
import storage, { originFile } from 'shoal/plugins/storage-opfs'
import tracker from 'shoal/plugins/tracker-libp2p'
import webrtc from 'shoal/plugins/transport-webrtc'

/** Finished downloads lie here, shared files there, in the private file system of this origin. */
export const [downloads, shared] = ['/downloads/', '/shared/']

/** @param address as a tracker prints it: a multiaddr, and perhaps `#sha256=` with its pin */
export const openPeer = async (address: string): Promise<Shoal> => {
  const [where = '', fragment] = address.trim().split('#')
  if (!where.includes('/webrtc-direct/')) throw new ShoalError('BAD_OPTION', 'A browser reaches a tracker by its WebRTC address. Give the line with /webrtc-direct/ in it that shoal tracker printed.')
  const given = fragment?.replace(/^sha256=/, '') as RealmPin | undefined
  void navigator.storage.persist() // else the browser may remove all of it when the disk is full; some ask the person
  return createShoal({
    use: [webrtc(), state(), storage()],
    tracker: async ({ pins }) => {
      const pin = given ?? await pins.get(where)
      return tracker({ where, ...(pin === undefined ? {} : { pin }), onFirstPin: first => pins.set(where, first) })
    }
  })
}

/** A file that the person picked, copied to where the peer can read it again after a reload. @returns its path */
export const keepFile = async (file: File): Promise<string> => {
  const root = await navigator.storage.getDirectory()
  const folder = await root.getDirectoryHandle(shared.replaceAll('/', ''), { create: true })
  const kept = await folder.getFileHandle(file.name, { create: true })
  await file.stream().pipeTo(await kept.createWritable())
  return `${shared}${file.name}`
}

/** Offers a file of this page to be saved. It is read from disk while it is saved. */
export const save = async (path: string, name: string): Promise<void> => {
  const file = await originFile(path)
  if (!(file instanceof Blob)) throw new Error(`${name} is not on this page any more. Download it again.`)
  const url = URL.createObjectURL(file)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => { URL.revokeObjectURL(url) }, 60_000)
}
