/** An event of a stream of server-sent events. */
export interface ServerEvent {
  readonly name: string
  readonly data: string
}

/** Reads server-sent events from text that comes in pieces. EventSource cannot send a token, so the page reads these itself. */
export class EventLines {
  #rest = ''
  #name = ''
  #data: string[] = []

  /** Takes a piece. Returns the events that it completes. */
  add(piece: string): readonly ServerEvent[] {
    const lines = (this.#rest + piece).split('\n')
    this.#rest = lines.pop() ?? ''
    return lines.flatMap((line) => this.#take(line.replace(/\r$/, '')))
  }

  #take(line: string): readonly ServerEvent[] {
    if (line === '') {
      const event = { name: this.#name || 'message', data: this.#data.join('\n') }
      const isEvent = this.#data.length > 0
      this.#name = ''
      this.#data = []
      return isEvent ? [event] : []
    }
    const [, field = '', value = ''] = /^([^:]*):? ?(.*)$/.exec(line) ?? []
    if (field === 'event') this.#name = value
    if (field === 'data') this.#data.push(value)
    return []
  }
}
