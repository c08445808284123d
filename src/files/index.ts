/** The files of the machine that Node runs on. */
import type { Files } from '../contract/index.ts'
import { resolveDestination } from './destination.ts'
import { inspect, readParts } from './local-file.ts'

export const hostFiles: Files = { inspect, read: readParts, destination: resolveDestination }
