import type { ErrorName } from '../domain/errors.ts'
import type { Outcome } from '../domain/order.ts'

/** How an order ended, as far as this front end can tell. "No" is not "don't know". */
export type Placed = { readonly kind: 'decided'; readonly outcome: Outcome } | { readonly kind: 'unknown'; readonly error: ErrorName }
