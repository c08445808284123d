/** The schemas of the tracker's messages, loaded when a tracker is used. */
import type { trackerApi } from 'shoal/plugin'

export type TrackerApi = Awaited<ReturnType<typeof trackerApi>>
