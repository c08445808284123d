/** The page: log in, pick a group, see its files, download and share. Owns what is on the screen; the peer is peer.ts. */
import type { CatalogFile, DownloadStatus, GroupListing, JoinRequest, Shoal } from 'shoal/browser'
import { downloads, keepFile, openPeer, save } from './peer.ts'
import { byId, make, rows } from './rows.ts'
import { aboutDownload, aboutFile, words } from './words.ts'

const entry = byId('entry', HTMLFormElement)
const [trackerField, nameField, passwordField, groupField] = ['tracker', 'name', 'password', 'group-name'].map(id => byId(id, HTMLInputElement)) as [HTMLInputElement, HTMLInputElement, HTMLInputElement, HTMLInputElement]
const problem = byId('problem', HTMLElement)
const stateLine = byId('state', HTMLElement)

let shoal: Shoal | undefined
let address = ''
let group: GroupListing | undefined
let files: readonly CatalogFile[] = []

const tell = (text: string): void => { stateLine.textContent = text }

/** Runs what a person asked for; what goes wrong is said at the top. */
const attempt = async (work: () => Promise<void>, button?: HTMLButtonElement): Promise<void> => {
  problem.hidden = true
  if (button !== undefined) button.disabled = true
  try { await work() } catch (error) {
    problem.textContent = words(error)
    problem.hidden = false
    if (shoal?.user === undefined) tell('') // nothing is starting any more
  } finally { if (button !== undefined) button.disabled = false }
}

const action = (label: string, kind: string, run: () => Promise<void>): HTMLButtonElement => {
  const button = make('button', { type: 'button', class: kind }, label)
  button.addEventListener('click', () => { void attempt(async () => { await run(); await refresh() }, button) })
  return button
}

/** The peer, once somebody is logged in. */
const peer = (): Shoal => {
  if (shoal === undefined) throw new Error('Log in first.')
  return shoal
}

const groupState = ({ state, owner }: GroupListing): string => {
  switch (state) {
    case 'owner': return 'yours'
    case 'member': return `of ${owner}`
    case 'requested': return `waiting for ${owner} to let you in`
    case 'none': return `of ${owner}; you are not in it`
  }
}

const showGroups = rows<GroupListing>(byId('groups', HTMLElement), ({ name }) => name, name => {
  const about = make('small')
  const open = action('Open', 'quiet', async () => { group = listed.get(name); return Promise.resolve() })
  open.setAttribute('aria-label', `Open ${name}`)
  return {
    element: make('li', {}, make('span', { class: 'about' }, make('strong', {}, name), about), open),
    show (listing) {
      about.textContent = groupState(listing)
      open.hidden = listing.state !== 'owner' && listing.state !== 'member'
      open.classList.toggle('chosen', group?.name === name)
    }
  }
})
let listed: ReadonlyMap<string, GroupListing> = new Map()

const showRequests = rows<JoinRequest>(byId('requests', HTMLElement), ({ user }) => user, user => ({
  element: make('li', {}, make('span', { class: 'about' }, make('strong', {}, user), make('small', {}, 'asks to be let in')), make('span', { class: 'row' },
    action('Let in', '', async () => peer().acceptRequest(group?.name ?? '', user)), action('Refuse', 'quiet', async () => peer().rejectRequest(group?.name ?? '', user)))),
  show () { /* a name is all there is */ }
}))

const downloadOf = (name: string): DownloadStatus | undefined => peer().downloads().filter(status => status.group === group?.name && status.name === name).at(-1)

const isShared = (name: string): boolean => peer().shares().some(share => share.group === group?.name && share.name === name && share.error === undefined)

const showFiles = rows<CatalogFile>(byId('files', HTMLElement), ({ name }) => name, name => {
  const about = make('small', { class: 'file-state' })
  const bar = make('progress', { class: 'bar', max: '1', 'aria-label': `Progress of ${name}` })
  const get = action('Download', '', async () => { await peer().download(group?.name ?? '', name, downloads) })
  const stop = action('Cancel', 'quiet', async () => peer().cancelDownload(group?.name ?? '', name))
  const keep = action('Save', 'quiet', async () => save(downloadOf(name)?.path ?? '', name))
  for (const [button, what] of [[get, 'Download'], [stop, 'Cancel'], [keep, 'Save']] as const) button.setAttribute('aria-label', `${what} ${name}`)
  return {
    element: make('li', { 'data-file': name }, make('span', { class: 'about' }, make('strong', {}, name), about), make('span', {}, get, stop, keep), bar),
    show (file) {
      const status = downloadOf(name)
      const isMine = isShared(name)
      about.textContent = status !== undefined ? aboutDownload(status) : isMine ? `${aboutFile(file)}, from this page` : aboutFile(file)
      bar.hidden = status?.state !== 'running'
      bar.value = status === undefined ? 0 : status.haveBytes / Math.max(1, status.length)
      get.hidden = isMine || (status !== undefined && status.state !== 'failed')
      stop.hidden = status?.state !== 'running'
      keep.hidden = status?.state !== 'complete'
    }
  }
})

const draw = (): void => {
  const user = shoal?.user
  entry.hidden = user !== undefined
  byId('inside', HTMLElement).hidden = byId('who', HTMLElement).hidden = user === undefined
  byId('user', HTMLElement).textContent = user ?? ''
  byId('group', HTMLElement).hidden = group === undefined
  if (user === undefined || group === undefined) return
  byId('group-title', HTMLElement).textContent = group.name
  byId('no-files', HTMLElement).hidden = files.length > 0
  showFiles(files)
}

/** Reads again whatever is shown. */
const readAll = async (): Promise<void> => {
  const me = peer()
  if (me.user !== undefined) {
    const groups = await me.listGroups()
    listed = new Map(groups.map(listing => [listing.name, listing]))
    group = group === undefined ? undefined : listed.get(group.name)
    if (group?.state !== 'owner' && group?.state !== 'member') group = undefined
    showGroups(groups)
    showRequests(group?.state === 'owner' ? await me.listRequests(group.name) : [])
    files = group === undefined ? [] : await Array.fromAsync(me.listFiles(group.name))
  }
  draw()
}

let reading: Promise<void> = Promise.resolve()
let waiting: Promise<void> | undefined
/** One reading under way and one to come are enough: that one sees whatever has happened by now. */
const refresh = async (): Promise<void> => waiting ??= reading.then(async () => {
  waiting = undefined
  const mine = readAll()
  reading = mine.catch(() => undefined) // told to whoever asked for it
  return mine
})

const watch = async (of: Shoal): Promise<void> => {
  for await (const event of of.events()) {
    if (event.type === 'tracker') tell(event.change === 'lost' ? `The tracker cannot be reached: ${event.detail ?? 'it does not answer'}` : 'The tracker is back.')
    if (event.type === 'warning') tell(event.detail)
    if (of.user !== undefined) await refresh().catch((error: unknown) => { tell(words(error)) })
  }
}

const enter = async (isNew: boolean): Promise<void> => {
  const wanted = trackerField.value.trim()
  if (shoal === undefined || wanted !== address) {
    await shoal?.stop()
    shoal = undefined
    tell('Starting …')
    shoal = await openPeer(wanted)
    address = wanted
    Object.assign(globalThis, { shoal }) // for the console: try shoal.downloads()
    void watch(shoal)
  }
  const [user, password] = [nameField.value, passwordField.value]
  if (isNew) await shoal.createUser(user, password)
  const { downloads: resumed } = await shoal.login(user, password)
  localStorage.setItem('tracker', wanted)
  localStorage.setItem('user', user)
  passwordField.value = ''
  tell(resumed > 0 ? `${resumed} unfinished ${resumed === 1 ? 'download goes' : 'downloads go'} on.` : `Device ${shoal.peer}`)
  await refresh()
}

entry.addEventListener('submit', event => {
  event.preventDefault()
  const button = event.submitter instanceof HTMLButtonElement ? event.submitter : byId('login', HTMLButtonElement)
  void attempt(() => enter(button.id === 'create'), button)
})
byId('logout', HTMLButtonElement).addEventListener('click', () => { void attempt(async () => { await peer().logout(); group = undefined; draw() }) })
byId('group-form', HTMLFormElement).addEventListener('submit', event => {
  event.preventDefault()
  const isNew = event.submitter?.id === 'make'
  void attempt(async () => {
    const name = groupField.value
    if (isNew) await peer().createGroup(name)
    else await peer().joinGroup(name)
    groupField.value = ''
    await refresh()
  })
})
byId('share', HTMLInputElement).addEventListener('change', event => {
  const [file] = event.target instanceof HTMLInputElement ? [...event.target.files ?? []] : []
  const [to, progress] = [group, byId('share-progress', HTMLElement)]
  if (file === undefined || to === undefined) return
  void attempt(async () => {
    progress.textContent = `Copying ${file.name} …`
    try {
      const path = await keepFile(file)
      await peer().share(path, to.name, { progress: (done, all) => { progress.textContent = `Hashing ${file.name}: ${Math.round(done / Math.max(1, all) * 100)} %` } })
      await refresh()
    } finally { progress.textContent = '' }
  })
})

trackerField.value = localStorage.getItem('tracker') ?? ''
nameField.value = localStorage.getItem('user') ?? ''
setInterval(() => { if (shoal?.user !== undefined && group !== undefined) draw() }, 250)
