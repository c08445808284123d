/**
 * Every error a user can meet: its code, what it means, what to do, and the exit status it ends a command with.
 * The table is the only place that names a code; a test holds it against the throws and against docs/errors.md.
 */

/** Exit statuses of the command line. */
export const exitStatus = { done: 0, bug: 1, usage: 2, login: 3, forbidden: 4, conflict: 5, network: 6, storage: 7, integrity: 8, interrupted: 130 } as const
export type ExitKind = keyof typeof exitStatus

interface CodeFacts { readonly exit: ExitKind; readonly meaning: string; readonly remedy: string }

const table = {
  // usage
  USAGE: { exit: 'usage', meaning: 'The command line was not understood.', remedy: 'Type `help`, or `shoal COMMAND --help`.' },
  UNKNOWN_COMMAND: { exit: 'usage', meaning: 'There is no such command.', remedy: 'Type `help` for the list.' },
  BAD_NAME: { exit: 'usage', meaning: 'A user or group name has a form that is not allowed.', remedy: 'Use 1–64 letters, digits, `.`, `_`, `-`.' },
  BAD_FILE_NAME: { exit: 'usage', meaning: 'A file name has a form that no catalog takes.', remedy: 'Use 1–255 bytes without `/`, `\\` and control characters; --name shares a file under another name.' },
  BAD_PASSWORD: { exit: 'usage', meaning: 'A password is empty or longer than 1,024 bytes.', remedy: 'Choose one of 1–1,024 bytes.' },
  BAD_OPTION: { exit: 'usage', meaning: 'An option is unknown or its value is out of range.', remedy: 'See the options of that part in the README.' },
  BAD_TRACKER_INFO: { exit: 'usage', meaning: 'A tracker_info file or tracker URL cannot be read.', remedy: 'One tracker per line: HOST:PORT or HOST:PORT#sha256=HEX64.' },
  SHARED_STATE_NEEDED: { exit: 'usage', meaning: 'A realm of several trackers needs a state that they share.', remedy: 'Keep one line, or choose a shared state with --state.' },
  PLUGIN_NOT_FOUND: { exit: 'usage', meaning: 'No plugin of that name exists.', remedy: 'Choose one of those listed, or give a path that begins with `./` or `/`.' },
  PLUGIN_FAILED: { exit: 'usage', meaning: 'A plugin exists but threw while it was loaded.', remedy: 'Read the cause; a missing native library names itself.' },
  PLUGIN_SHAPE: { exit: 'usage', meaning: 'A module is not a Shoal plugin.', remedy: 'Export default what definePlugin returns.' },
  PLUGIN_VERSION: { exit: 'usage', meaning: 'A plugin is made for another version of the contract of its kind.', remedy: 'Update the older of the two: the message says which.' },
  PLUGIN_KIND: { exit: 'usage', meaning: 'A plugin is of another kind than the one asked for.', remedy: 'Give it to the option of its own kind.' },
  // who you are
  NOT_LOGGED_IN: { exit: 'login', meaning: 'The command needs a logged-in user.', remedy: 'Type `login USER PASSWORD` first.' },
  ALREADY_LOGGED_IN: { exit: 'conflict', meaning: 'Another user is logged in here.', remedy: 'Type `logout` first.' },
  WRONG_PASSWORD: { exit: 'login', meaning: 'User and password do not match.', remedy: 'Check both; names are case-sensitive.' },
  SESSION_EXPIRED: { exit: 'login', meaning: 'The tracker no longer accepts this session.', remedy: 'Log in again.' },
  TOO_MANY_ATTEMPTS: { exit: 'login', meaning: 'Too many failed logins.', remedy: 'Wait a minute, then try again.' },
  // what you may see
  NOT_FOUND: { exit: 'forbidden', meaning: 'There is no such group or file, or you are not a member of the group.', remedy: 'Check the name with `list_groups` or `list_files`; join the group if you are not in it.' },
  NOT_OWNER: { exit: 'forbidden', meaning: 'Only the owner of the group may do this.', remedy: 'Ask the owner, shown by `list_groups`.' },
  NO_REQUEST: { exit: 'forbidden', meaning: 'That user has no open request to join the group.', remedy: 'They type `join_group GROUP` first; see `list_requests GROUP`.' },
  NO_MEMBER: { exit: 'forbidden', meaning: 'That user is not a member of the group.', remedy: 'Check the name.' },
  NOT_SHARED: { exit: 'forbidden', meaning: 'You do not share that file with the group.', remedy: 'See `list_files GROUP`.' },
  NO_DOWNLOAD: { exit: 'forbidden', meaning: 'There is no such unfinished download here.', remedy: 'See `show_downloads`.' },
  FILE_NOT_FOUND: { exit: 'forbidden', meaning: 'A local file does not exist.', remedy: 'Check the path; quote names with spaces.' },
  NOT_A_FILE: { exit: 'usage', meaning: 'A path is a folder, a device or a socket, not a regular file.', remedy: 'Give the path of a regular file.' },
  FILE_UNREADABLE: { exit: 'forbidden', meaning: 'A local file cannot be read.', remedy: 'Check its permissions.' },
  // conflicts
  USER_EXISTS: { exit: 'conflict', meaning: 'The user name is taken.', remedy: 'Choose another name, or log in.' },
  GROUP_EXISTS: { exit: 'conflict', meaning: 'The group name is taken.', remedy: 'Choose another name, or ask to join with `join_group`.' },
  ALREADY_MEMBER: { exit: 'conflict', meaning: 'That user is a member of the group already.', remedy: 'Nothing to do.' },
  ALREADY_REQUESTED: { exit: 'conflict', meaning: 'The request is open already.', remedy: 'Wait until the owner types `accept_request`.' },
  OWNER_CANNOT: { exit: 'conflict', meaning: 'The owner cannot be removed.', remedy: 'The owner types `leave_group`; the longest-standing member takes over.' },
  NAME_TAKEN: { exit: 'conflict', meaning: 'The group has another file of that name.', remedy: 'Rename it, or use --replace to publish a new version.' },
  FILE_EXISTS: { exit: 'conflict', meaning: 'The destination exists.', remedy: 'Choose another, or use --overwrite.' },
  ALREADY_DOWNLOADING: { exit: 'conflict', meaning: 'That file is being downloaded here already.', remedy: 'See `show_downloads`; `cancel_download` ends it.' },
  CONTENT_MISMATCH: { exit: 'integrity', meaning: 'The file is not the content that was expected.', remedy: 'Check the file, or leave out --expect.' },
  LIMIT_REACHED: { exit: 'conflict', meaning: 'The tracker keeps no more of that for one user, group or file.', remedy: 'Leave groups or stop shares that are no longer needed.' },
  GROUP_CHANGED: { exit: 'conflict', meaning: 'The group changed too often while the command ran.', remedy: 'Try again.' },
  HOME_IN_USE: { exit: 'conflict', meaning: 'Another process uses this folder.', remedy: 'Stop it, or set SHOAL_HOME to another folder.' },
  // network and tracker
  TRACKER_UNREACHABLE: { exit: 'network', meaning: 'The tracker does not answer.', remedy: 'Check the address and that `shoal tracker` runs there; a tracker on 127.0.0.1 is seen from its own machine only.' },
  TRACKER_KEY_CHANGED: { exit: 'network', meaning: 'The tracker shows another realm key than the one pinned.', remedy: 'If its owner says that it is right, give the new #sha256= pin; else somebody is in between.' },
  TRACKER_ERROR: { exit: 'network', meaning: 'The tracker failed to answer the request.', remedy: 'Try again; the tracker logs the cause.' },
  BAD_REQUEST: { exit: 'network', meaning: 'The tracker did not understand the request.', remedy: 'Peer and tracker may be of different versions: update the older one.' },
  TOO_LARGE: { exit: 'network', meaning: 'A message is larger than the limit.', remedy: 'See docs/protocol.md for the limits.' },
  PORT_IN_USE: { exit: 'network', meaning: 'Another program listens on that port.', remedy: 'Choose another port, or stop that program.' },
  ADDRESS_UNAVAILABLE: { exit: 'network', meaning: 'The address is not one of this machine, or may not be used.', remedy: 'Give an address of this machine, or leave it out.' },
  PEER_UNREACHABLE: { exit: 'network', meaning: 'A peer could not be dialed on any of its addresses.', remedy: 'It is tried again by itself; check firewalls and --announce.' },
  PEER_REFUSED: { exit: 'network', meaning: 'A peer proved another identity, or broke the protocol.', remedy: 'The others are used; update the older side.' },
  LINK_CLOSED: { exit: 'network', meaning: 'A link to a peer ended.', remedy: 'It is dialed again by itself.' },
  // storage
  STORAGE_FULL: { exit: 'storage', meaning: 'No space is left.', remedy: 'Free space; the download goes on by itself.' },
  STORAGE_FAILED: { exit: 'storage', meaning: 'Reading or writing a file failed.', remedy: 'Check the disk and the permissions.' },
  STATE_FAILED: { exit: 'storage', meaning: 'The database cannot be opened or written.', remedy: 'Check the disk and the permissions of the folder.' },
  SOURCE_CHANGED: { exit: 'storage', meaning: 'A shared file changed after it was shared.', remedy: 'Share it again with --replace.' },
  // integrity
  INTEGRITY: { exit: 'integrity', meaning: 'Data does not match what was promised.', remedy: 'It is fetched again; if it repeats, the source is faulty.' },
  UNSUPPORTED: { exit: 'integrity', meaning: 'The content uses a scheme or coding that this peer does not have.', remedy: 'Update Shoal, or add the plugin with --integrity.' },
  // the rest
  INTERRUPTED: { exit: 'interrupted', meaning: 'The command was interrupted.', remedy: 'Run it again: it goes on where it stopped.' },
  STOPPED: { exit: 'interrupted', meaning: 'The peer is stopping.', remedy: 'Start it again.' },
  BUG: { exit: 'bug', meaning: 'Shoal itself did something wrong.', remedy: 'Please report it, with the output of --debug.' }
} as const satisfies Record<string, CodeFacts>

export type ErrorCode = keyof typeof table
export const errorCodes: Readonly<Record<ErrorCode, CodeFacts>> = table

/**
 * The one error class. The message says what failed, on what, and what to do, in that order.
 * It never contains a password, a token or a key.
 */
export class ShoalError extends Error {
  override readonly name = 'ShoalError'
  readonly code: ErrorCode

  constructor (code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }

  get exitStatus (): number { return exitStatus[errorCodes[this.code].exit] }

  /** By name and code, not by class: a plugin may carry its own copy of this module. */
  static is (error: unknown, code?: ErrorCode): error is ShoalError {
    return error instanceof Error && error.name === 'ShoalError' && 'code' in error && typeof error.code === 'string' && error.code in table &&
      (code === undefined || error.code === code)
  }
}

/** For what we ourselves do wrong: a broken invariant is a bug, never a message about the user's input. */
export function assert (condition: boolean, invariant: string): asserts condition {
  if (!condition) throw new ShoalError('BUG', `Invariant broken: ${invariant}. Please report it.`)
}
