import type { ErrorName } from '../domain/errors.ts'
import type { Outcome } from '../domain/order.ts'

/** The end of an order, as far as this front end can tell. "No" is not "don't know". */
export type Placed = { readonly kind: 'decided'; readonly outcome: Outcome } | { readonly kind: 'unknown'; readonly error: ErrorName }
