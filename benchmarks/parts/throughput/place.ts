/** Where two processes of one machine meet: a loopback of their own where that can be made, so that its counter counts their bytes alone. */
import { createNamespaces, whyNoNamespaces } from '../../namespaces.ts'

export interface Place extends AsyncDisposable {
  readonly through: readonly string[]
  /** For the table. */
  readonly note: string
}

export const place = (): Promise<Place> => {
  const why = whyNoNamespaces()
  if (why !== undefined) {
    return Promise.resolve({ through: [], note: `Over the machine's loopback, whose counter others raise, too (${why}).`, [Symbol.asyncDispose]: () => Promise.resolve() })
  }
  const namespaces = createNamespaces()
  const { through } = namespaces.space('loop')
  return Promise.resolve({
    through, note: 'Over the loopback of a network namespace of their own: its counter must have risen by the size of the file at least.',
    [Symbol.asyncDispose] () { namespaces.removeAll(); return Promise.resolve() }
  })
}
