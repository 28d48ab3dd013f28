import { LIMITS } from '../domain/limits.ts'
import { isIdempotencyKey, isRecordedKey, isTradeType } from '../domain/order.ts'
import { isStockName } from '../domain/stock.ts'
import { fitsBytes } from '../domain/text.ts'
import { isAddress } from '../runtime/address.ts'
import { integer, text, textLike } from './rules.ts'

/** The kinds of fields that messages are made of, and what each of them may hold. */

const visibleAscii = (max: number) => new RegExp(`^[\\x21-\\x7e]{0,${max}}$`)
const ID = visibleAscii(LIMITS.idBytesMax)
const DIGEST = /^([0-9a-f]{64})?$/
const CONTROL = /[\x00-\x1f]/

export const count = integer(0, LIMITS.logLengthMax)
export const position = integer(-1, LIMITS.logLengthMax)
export const generation = integer(0, LIMITS.generationMax)
export const epoch = integer(0, LIMITS.epochMax)
export const question = integer(0, LIMITS.questionMax)
export const shares = integer(0, LIMITS.stockLevelMax)
export const measured = integer(0, Number.MAX_SAFE_INTEGER)
export const replicaId = integer(0, Number.MAX_SAFE_INTEGER)
export const nobodyOrReplica = integer(-1, Number.MAX_SAFE_INTEGER)
/** An order's number, or one of the codes of outcome-codes.ts. */
export const numberOrCode = integer(-1_000, LIMITS.logLengthMax)
export const words = text(LIMITS.wordsBytesMax)
export const requestText = text(LIMITS.requestTextBytesMax)
export const entryText = text(LIMITS.entryTextBytesMax)
export const id = textLike((value) => ID.test(value), `at most ${LIMITS.idBytesMax} visible ASCII characters`)
export const someId = textLike((value) => value !== '' && ID.test(value), `1 to ${LIMITS.idBytesMax} visible ASCII characters`)
export const digest = textLike((value) => DIGEST.test(value), 'empty or 64 hexadecimal digits')
export const address = textLike(isAddress, 'host:port')
export const noneOrAddress = textLike((value) => value === '' || isAddress(value), 'empty or host:port')
export const stockName = textLike(isStockName, `1 to ${LIMITS.stockNameBytesMax} bytes`)
export const nameInRequest = textLike((value) => value === '' || isStockName(value), `at most ${LIMITS.stockNameBytesMax} bytes`)
export const tradeType = textLike((value) => value === '' || isTradeType(value), 'empty, buy or sell')
export const noneOrKey = textLike(
  (value) => value === '' || isIdempotencyKey(value),
  `empty or 1 to ${LIMITS.idempotencyKeyCharactersMax} visible ASCII characters`,
)
export const recordedKey = textLike(isRecordedKey, `f:, c: or g: and 1 to ${LIMITS.idempotencyKeyCharactersMax} visible ASCII characters`)
export const fingerprint = textLike(
  (value) => fitsBytes(value, LIMITS.fingerprintBytesMax) && !CONTROL.test(value),
  `at most ${LIMITS.fingerprintBytesMax} bytes without control characters`,
)
/** "id=host:port" */
export const namedReplica = textLike((value) => {
  const at = value.indexOf('=')
  return /^[0-9]{1,16}$/.test(value.slice(0, at)) && Number.isSafeInteger(Number(value.slice(0, at))) && isAddress(value.slice(at + 1))
}, 'id=host:port')
