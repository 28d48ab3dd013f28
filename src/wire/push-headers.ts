/** HTTP headers between a leader that pushes an invalidation and a front end of ours; others need to know neither. */

/** Of an answer: the id of the front end, which is one of ours. */
export const FRONT_END_HEADER = 'bazaar-front-end'
/**
 * Of `GET /cache/<name>`: the number of the last order that changed the stock. It is not a part of the path, because a front
 * end of another make may take all that follows `/cache/` for the name.
 */
export const ORDER_NUMBER_HEADER = 'bazaar-order-number'
