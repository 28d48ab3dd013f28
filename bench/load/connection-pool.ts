import { connect, type Socket } from 'node:net'

/** One request, and a function to call with its answer's status, or with undefined when the connection fails before. */
export interface Exchange {
  readonly request: string
  settle(status: number | undefined): void
}

/**
 * Kept connections of HTTP/1.1 for a load generator. A new connection is opened whenever all others wait for an answer, up to a
 * limit. A request costs a third of what it costs with node:http. Of an answer only status and length are read, since a load
 * needs no more.
 */
export class ConnectionPool {
  readonly #host: string
  readonly #port: number
  readonly #connectionsMax: number
  readonly #idle: Connection[] = []
  readonly #queue: Exchange[] = []
  #queueStart = 0
  #open = 0
  /** Exchanges that had to wait, since all connections that are allowed were busy. */
  waited = 0

  /** `address` is "host:port". */
  constructor(address: string, connectionsMax: number) {
    const [host = '', port = ''] = address.split(':')
    this.#host = host
    this.#port = Number(port)
    this.#connectionsMax = connectionsMax
  }

  /** Opens connections before they are needed. Resolves once each is open or has failed, with the number of open ones. */
  async open(count: number): Promise<number> {
    const opening = Array.from({ length: count }, () => this.#newConnection())
    await Promise.all(opening.map(({ opened }) => opened))
    this.#idle.push(...opening.filter(({ isOpen }) => isOpen))
    return this.#idle.length
  }

  send(exchange: Exchange): void {
    const idle = this.#idle.pop()
    if (idle) return idle.send(exchange)
    if (this.#open < this.#connectionsMax) return this.#newConnection().send(exchange)
    this.waited += 1
    this.#queue.push(exchange)
  }

  #newConnection(): Connection {
    this.#open += 1
    return new Connection(connect({ host: this.#host, port: this.#port, noDelay: true }), {
      free: (connection) => {
        const next = this.#next()
        if (next) connection.send(next)
        else this.#idle.push(connection)
      },
      closed: (connection) => {
        this.#open -= 1
        const at = this.#idle.indexOf(connection)
        if (at >= 0) this.#idle.splice(at, 1)
        const next = this.#next()
        if (next) this.#newConnection().send(next)
      },
    })
  }

  /** Takes the next exchange. shift() would move all of the many thousands that wait each time. */
  #next(): Exchange | undefined {
    const next = this.#queue[this.#queueStart]
    if (next) this.#queueStart += 1
    return next
  }
}

interface Owner {
  free(connection: Connection): void
  closed(connection: Connection): void
}

const HEAD_END = '\r\n\r\n'
const LENGTH = /\r\ncontent-length: *(\d+)/i

class Connection {
  /** Resolves when the connection is open or has failed. */
  readonly opened: Promise<unknown>
  readonly #socket: Socket
  readonly #owner: Owner
  #exchange: Exchange | undefined
  #received = ''

  constructor(socket: Socket, owner: Owner) {
    this.#socket = socket
    this.#owner = owner
    this.opened = new Promise((resolve) => socket.once('connect', resolve).once('close', resolve))
    socket.setEncoding('latin1')
    socket.on('data', (text: string) => this.#take(text))
    socket.on('error', () => {})
    socket.on('close', () => {
      this.#settle(undefined)
      owner.closed(this)
    })
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed
  }

  send(exchange: Exchange): void {
    this.#exchange = exchange
    this.#socket.write(exchange.request, 'latin1')
  }

  #take(text: string): void {
    this.#received += text
    const headEnd = this.#received.indexOf(HEAD_END)
    if (headEnd < 0) return
    const head = this.#received.slice(0, headEnd)
    const length = LENGTH.exec(head)?.[1]
    if (length === undefined) return void this.#socket.destroy() // Not an answer that this client can read.
    if (this.#received.length < headEnd + HEAD_END.length + Number(length)) return
    this.#received = ''
    this.#settle(Number(head.slice('HTTP/1.1 '.length, 'HTTP/1.1 200'.length)))
    this.#owner.free(this)
  }

  #settle(status: number | undefined): void {
    const exchange = this.#exchange
    this.#exchange = undefined
    exchange?.settle(status)
  }
}
