/** HTTP headers between a leader that pushes an invalidation and a front end of ours. Front ends of another make need neither. */

/** In an answer: the id of the front end. It shows that the front end is one of ours. */
export const FRONT_END_HEADER = 'bazaar-front-end'
/**
 * In `GET /cache/<name>`: the number of the last order that changed the stock. It is not in the path, because a front end of
 * another make may take all that follows `/cache/` for the name.
 */
export const ORDER_NUMBER_HEADER = 'bazaar-order-number'
