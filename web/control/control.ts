import { signal } from '@preact/signals'
import type {
  ControlAction,
  ControlledData,
  ControlledProcess,
  ControlRequest,
  ProcessEventData,
  ProcessListData,
} from '../../src/http/control.ts'
import type { ControlAccess } from './access.ts'
import { EventLines } from './event-lines.ts'

const RETRY_MS = 1_000

/** Controls the processes by way of the supervisor's own port, which lives on when everything else was killed. */
export class Control {
  readonly processes = signal<readonly ControlledProcess[]>([])
  /** True while the port answers. */
  readonly isOpen = signal(false)
  /** Words about what was done last, or why it was not. */
  readonly said = signal('')
  readonly #access: ControlAccess
  readonly #onEvent: (event: ProcessEventData) => void
  #again: ReturnType<typeof setTimeout> | undefined

  constructor(access: ControlAccess, onEvent: (event: ProcessEventData) => void) {
    this.#access = access
    this.#onEvent = onEvent
  }

  /** Follows the events of the port as long as the page lives. */
  async follow(): Promise<never> {
    while (true) {
      try {
        await this.#readEvents()
      } catch {
        // The port is not there, or no longer there. The next round tells.
      }
      this.isOpen.value = false
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
    }
  }

  /** Does something to a process, or to "leader", "random" or "all". Resolves with the names that it was done to. */
  async act(target: string, action: ControlAction, forMs?: number): Promise<readonly string[]> {
    const body: ControlRequest = forMs === undefined ? {} : { forMs }
    try {
      const { names } = (await this.#ask(`/processes/${encodeURIComponent(target)}/${action}`, body)) as ControlledData
      this.said.value = `${action}${forMs === undefined ? '' : ` for ${forMs / 1_000} s`}: ${names.join(', ')}`
      return names
    } catch (error) {
      this.said.value = `${action} ${target}: ${(error as Error).message}`
      return []
    }
  }

  async #look(): Promise<void> {
    const { processes } = (await this.#ask('/processes')) as ProcessListData
    this.processes.value = processes
    // No event tells that a process has started to serve.
    clearTimeout(this.#again)
    if (processes.some(({ state }) => state === 'starting')) this.#again = setTimeout(() => void this.#look().catch(() => {}), RETRY_MS)
  }

  async #readEvents(): Promise<void> {
    const response = await fetch(this.#url('/events'), { headers: this.#headers, cache: 'no-store' })
    if (response.status !== 200 || !response.body) throw new Error(`status ${response.status}`)
    this.isOpen.value = true
    await this.#look()
    const lines = new EventLines()
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      const events = lines.add(piece.value).filter(({ name }) => name === 'process')
      for (const { data } of events) this.#onEvent(JSON.parse(data) as ProcessEventData)
      if (events.length > 0) await this.#look()
    }
  }

  async #ask(path: string, body?: ControlRequest): Promise<unknown> {
    const post = body && { method: 'POST', body: JSON.stringify(body) }
    const headers = { ...this.#headers, ...(body && { 'Content-Type': 'application/json' }) }
    const response = await fetch(this.#url(path), { ...post, headers, cache: 'no-store' })
    const answer = (await response.json()) as { data?: unknown; error?: { message: string } }
    if (answer.error) throw new Error(answer.error.message)
    return answer.data
  }

  #url(path: string): string {
    return `http://${this.#access.address}${path}`
  }

  get #headers(): Record<string, string> {
    return { Authorization: `Bearer ${this.#access.token}` }
  }
}
