import type { Answer, PlaceAnswer } from '../../http/client.ts'
import { print } from '../terminal.ts'
import type { TraderObserver } from './trader.ts'

/** Prints every answer: the client's mode 0. */
export const narrator: Omit<TraderObserver, 'asks' | 'roundDone'> = {
  lookedUp: (name, answer) => print(`lookup ${name}: ${outcome(answer, ({ price, quantity }) => `${price}, ${quantity} available`)}`),
  traded: ({ name, type, quantity }, answer) => print(`${type} ${quantity} ${name}: ${placed(answer)}`),
  queried: ({ number }, answer) =>
    print(`query ${number}: ${outcome(answer, ({ type, quantity, name }) => `${type} ${quantity} ${name}`)}`),
}

function placed(answer: PlaceAnswer): string {
  if (answer.kind === 'ok') return `order ${answer.number}`
  return answer.kind === 'refused' ? refusal(answer) : `no answer (${answer.cause})`
}

function outcome<T>(answer: Answer<T>, words: (value: T) => string): string {
  if (answer.kind === 'ok') return words(answer.value)
  return answer.kind === 'refused' ? refusal(answer) : `no answer (${answer.cause})`
}

const refusal = ({ code, message }: { code: number; message: string }): string => `refused (${code} ${message})`
