import protobuf from 'protobufjs'
import { NumberReader } from './number-reader.ts'
import { HEAD_BYTES, MessageWriter } from './message-writer.ts'

/** Turns messages of one type into bytes and back. */
export interface Codec {
  readonly encode: (message: object) => Buffer
  /** The encoded message with its length before it, in four bytes. */
  readonly frame: (message: object) => Buffer
  readonly decode: (bytes: Buffer) => object
}

/** Loads the contract. Field names stay as they are written there. */
export const loadContract = (path: string): protobuf.Root =>
  new protobuf.Root().loadSync(path, { keepCase: true }).resolveAll() as protobuf.Root

/**
 * Returns the codec of a message type. protobufjs defines the form on the wire. Its own writer is not used. Neither is
 * proto-loader, which copies each message when it is sent and when it arrives. The two took more time than all other work
 * that a replica does for an order.
 */
export function codecOf(type: protobuf.Type): Codec {
  const writer = new MessageWriter()
  let last: object | undefined
  let lastFrame: Buffer
  // A leader sends the same message to each follower. A message does not change once it was sent.
  const frame = (message: object) => {
    if (message === last) return lastFrame
    writer.begin()
    type.encode(message, writer as unknown as protobuf.Writer)
    lastFrame = writer.finish()
    last = message
    return lastFrame
  }
  return {
    frame,
    encode: (message) => frame(message).subarray(HEAD_BYTES),
    decode: (bytes) => type.decode(new NumberReader(bytes) as unknown as protobuf.Reader),
  }
}

/** Makes every message a plain object with all its fields. In proto3, a field that is not sent has its default. */
export function beginWithDefaults(root: protobuf.Root): void {
  for (const type of root.nestedArray) {
    if (!(type instanceof protobuf.Type)) continue
    const fields = type.fieldsArray.map((field) => `${JSON.stringify(field.name)}:${defaultOf(field)}`)
    const begin = protobuf.util.codegen([], type.name)(`return{${fields.join(',')}}`)
    Object.defineProperty(type, 'ctor', { value: begin() })
  }
}

function defaultOf(field: protobuf.Field): string {
  if (field.repeated) return '[]'
  if (field.resolvedType) return 'null'
  return field.type === 'string' ? '""' : field.type === 'bool' ? 'false' : '0'
}
