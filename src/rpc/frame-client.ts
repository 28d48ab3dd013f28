import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { splitAddress } from '../runtime/address.ts'
import type { MessageStream, StreamHandlers, StreamMethod } from '../wire/network.ts'
import { RpcError } from '../wire/rpc-error.ts'
import { formsOf, wrongAnswer } from './definitions.ts'
import { FrameStream, isFramed, methodFrame, OPENING } from './frames.ts'

/** Opens a stream to an address, such as the one over gRPC. */
export type OpenStream = (address: string, method: StreamMethod, handlers: StreamHandlers<object>) => MessageStream<object>

/** Opens a stream as frames over a connection of its own, or by `openGrpc` where a program answers that knows no frames. */
export const framesOr =
  (openGrpc: OpenStream): OpenStream =>
  (address, method, handlers) =>
    openOver(connect({ ...splitAddress(address), noDelay: true }), address, method, handlers, openGrpc)

/** The same over any connection that the caller opens. Messages wait until the other end has shown what it speaks. */
export function openOver(
  socket: Duplex,
  address: string,
  method: StreamMethod,
  handlers: StreamHandlers<object>,
  openGrpc: OpenStream,
): MessageStream<object> {
  const { request, response } = formsOf(method)
  const waiting: object[] = []
  let isOver = false
  const end = (cause: RpcError) => {
    if (isOver) return
    isOver = true
    frames.destroy()
    handlers.closed(cause)
  }
  const take = (bytes: Buffer) => {
    let message: object
    try {
      message = response.decode(bytes)
    } catch (error) {
      return end(new RpcError('INTERNAL', `${address} answered what cannot be: ${(error as Error).message}`))
    }
    const wrong = wrongAnswer(address, method, message)
    if (wrong) end(wrong)
    else handlers.message(message)
  }
  const frames = new FrameStream(socket, {
    message: take,
    broken: end,
    closed: (error) => end(error ?? new RpcError('UNAVAILABLE', `${address} closed the stream`)),
  })
  const close = () => end(new RpcError('UNAVAILABLE', 'closed by this end'))
  const sendFrame = (message: object) => {
    frames.send(request.frame(message))
    if (frames.isFull) end(new RpcError('UNAVAILABLE', `${address} does not read`))
  }
  let way: MessageStream<object> = { send: (message) => waiting.push(message), close }
  socket.once('data', (answer: Buffer) => {
    if (isOver) return
    if (isFramed(answer)) {
      way = { send: sendFrame, close }
      frames.send(methodFrame(method))
      frames.start(answer)
    } else {
      frames.destroy()
      way = openGrpc(address, method, handlers)
    }
    for (const message of waiting) way.send(message)
  })
  socket.write(OPENING)
  return { send: (message) => way.send(message), close: () => way.close() }
}
