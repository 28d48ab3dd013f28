import type { LiveModel, LiveEvent, LiveEventName } from './model.ts'

const EVENT_NAMES: readonly LiveEventName[] = ['hello', 'reset', 'orders', 'stocks', 'state', 'cache', 'story']
/** The tab that holds this lock reads the stream. The others listen to it, since a browser opens few connections to one server. */
const LOCK = 'bazaar-stream'
const CHANNEL = 'bazaar-stream'
/** After how long without any event the connection counts as lost. The server tells the state twice a second. */
const SILENCE_MS = 2_500
const RETRY_MS = 500

/** The words between tabs. */
type TabMessage = { readonly kind: 'event'; readonly event: LiveEvent } | { readonly kind: 'join' } | { readonly kind: 'lost' }

/** Fills the model with the events of the front end: over a connection of its own, or from the tab that has one. */
export function followStream(model: LiveModel): void {
  const channel = new BroadcastChannel(CHANNEL)
  let reads = false
  const tell = (message: TabMessage): void => channel.postMessage(message)

  channel.addEventListener('message', ({ data }: MessageEvent<TabMessage>) => {
    if (!reads && data.kind === 'event') model.apply(data.event)
    if (!reads && data.kind === 'lost') model.connection.value = 'lost'
    const hello = reads && data.kind === 'join' ? model.snapshot() : undefined
    if (hello) tell({ kind: 'event', event: { name: 'hello', data: hello } })
  })
  tell({ kind: 'join' })

  const read = (): Promise<never> => {
    reads = true
    readStream(model, tell)
    return new Promise(() => {}) // The lock is held as long as this tab lives.
  }
  // Browsers offer locks to secure origins only. Loopback is one; elsewhere each tab reads for itself.
  if (navigator.locks) void navigator.locks.request(LOCK, read)
  else void read()
}

function readStream(model: LiveModel, tell: (message: TabMessage) => void): void {
  let heardMs = performance.now()
  let source = open()

  function open(): EventSource {
    const opened = new EventSource('/v1/events')
    for (const name of EVENT_NAMES) {
      opened.addEventListener(name, (message: MessageEvent<string>) => {
        heardMs = performance.now()
        const event = { name, data: JSON.parse(message.data) } as LiveEvent
        if (model.connection.value !== 'open') model.connection.value = 'open'
        model.apply(event)
        tell({ kind: 'event', event })
      })
    }
    opened.addEventListener('error', () => {
      lost()
      // A browser repeats on its own after a cut. It gives up after an answer such as 503.
      if (opened.readyState === EventSource.CLOSED) setTimeout(() => opened === source && (source = open()), RETRY_MS)
    })
    return opened
  }

  function lost(): void {
    if (model.connection.value === 'lost') return
    model.connection.value = 'lost'
    tell({ kind: 'lost' })
  }

  // A front end that is frozen keeps its connections open and says nothing.
  setInterval(() => performance.now() - heardMs > SILENCE_MS && lost(), SILENCE_MS / 5)
}
