/** Server-sent events out of text that arrives in any pieces (WHATWG HTML, 9.2.6). A pure value; bounded, because the other side may be anybody. */

export interface ServerEvent { readonly type: string, readonly data: string }

/** The text is not what a tracker sends. */
export class OverlongEvent extends Error { override readonly name = 'OverlongEvent' }

export interface EventLines {
  /** @returns the events that this text completed. @throws OverlongEvent */
  push (text: string): readonly ServerEvent[]
}

export const eventLines = (maxCharacters = 1024 * 1024): EventLines => {
  let rest = ''
  let type = ''
  let data: string[] = []
  let size = 0

  const takeLine = (line: string): ServerEvent | undefined => {
    if (line === '') {
      const event = data.length === 0 ? undefined : { type: type === '' ? 'message' : type, data: data.join('\n') }
      type = ''
      data = []
      size = 0
      return event
    }
    size += line.length
    if (size > maxCharacters) throw new OverlongEvent(`it sends an event of more than ${maxCharacters} characters`)
    const [, field = '', value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? []
    if (field === 'data') data.push(value)
    else if (field === 'event') type = value
    return undefined
  }

  return {
    push (text) {
      const events: ServerEvent[] = []
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      if (rest.length > maxCharacters) throw new OverlongEvent(`it sends a line of more than ${maxCharacters} characters`)
      for (const line of lines) {
        const event = takeLine(line.endsWith('\r') ? line.slice(0, -1) : line)
        if (event !== undefined) events.push(event)
      }
      return events
    }
  }
}
