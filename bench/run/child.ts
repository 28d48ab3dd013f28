import { spawn, type ChildProcess, type SpawnOptions, type StdioOptions } from 'node:child_process'

const OUTPUT_CHARACTERS_KEPT = 20_000
const STOP_GRACE_MS = 15_000

const running = new Set<ChildProcess>()

/** Kills all children that still run. Called when this process ends, and cannot wait any more. */
export function killChildren(): void {
  for (const child of running) child.kill('SIGKILL')
}

/** A process that this one started and will end. */
export class Child {
  readonly pid: number
  readonly #process: ChildProcess
  readonly #exited: Promise<void>
  #output = ''
  #failure: Error | undefined

  /** `channel`: a Node process that notices when this one is gone, however it ended. */
  constructor(command: string, args: readonly string[], options: SpawnOptions & { readonly channel?: boolean } = {}) {
    const { channel = false, ...rest } = options
    const stdio: StdioOptions = channel ? ['ignore', 'pipe', 'pipe', 'ipc'] : ['ignore', 'pipe', 'pipe']
    const child = spawn(command, args, { stdio, ...rest })
    running.add(child)
    this.#process = child
    this.pid = child.pid ?? 0
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => this.#keep(chunk.toString()))
    }
    this.#exited = new Promise((resolve) => {
      child.once('close', resolve)
      child.once('error', (error) => {
        this.#failure = error
        resolve()
      })
    })
    void this.#exited.then(() => running.delete(child))
  }

  /** Its newest output, of both streams. */
  get output(): string {
    return this.#output
  }

  get exitCode(): number | null {
    return this.#process.exitCode
  }

  /** Resolves when it has ended and all that it wrote has been read. Rejects when it could not be started. */
  async ended(): Promise<void> {
    await this.#exited
    if (this.#failure) throw this.#failure
  }

  /** Resolves with the first line of JSON that it writes. Rejects when it ends before, or takes longer than `deadlineMs`. */
  async announcement(deadlineMs: number): Promise<unknown> {
    const deadline = performance.now() + deadlineMs
    let over = false
    while (performance.now() < deadline) {
      const line = this.#output
        .split('\n')
        .slice(0, -1)
        .find((text) => text.startsWith('{'))
      if (line !== undefined) return JSON.parse(line)
      if (over) throw this.#failure ?? new Error(`ended without a word: ${this.#output}`)
      over = await Promise.race([this.#exited.then(() => true), pause(20).then(() => false)])
    }
    throw new Error(`not ready within ${deadlineMs} ms: ${this.#output}`)
  }

  /** Ends it by `signal`. When that takes too long, SIGKILL follows. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    this.#process.kill(signal)
    const late = setTimeout(() => this.#process.kill('SIGKILL'), STOP_GRACE_MS)
    await this.#exited
    clearTimeout(late)
  }

  #keep(text: string): void {
    this.#output = (this.#output + text).slice(-OUTPUT_CHARACTERS_KEPT)
  }
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
