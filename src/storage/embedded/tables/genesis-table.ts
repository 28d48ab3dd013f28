import type { Stock } from '../../../domain/stock.ts'
import { genesisDigest, type Genesis } from '../../chain.ts'
import { Damage } from '../file/damage.ts'
import { integer, text, type Row } from '../file/row.ts'
import type { SqliteFile } from '../file/sqlite-file.ts'

/** Writes the opening catalogue in the place of any other, inside a transaction. */
export function writeOpeningStocks(file: SqliteFile, stocks: readonly Stock[]): void {
  file.prepare('DELETE FROM genesis').run()
  const insert = file.prepare('INSERT INTO genesis VALUES (?, ?, ?, ?, ?)')
  stocks.forEach((stock, position) => {
    insert.run(position, stock.name, stock.priceCents, stock.quantity, stock.volume)
  })
}

/** The part of a genesis that a file stores besides the opening catalogue. */
export interface GenesisIdentity {
  readonly clusterId: string
  readonly genesisDigest: string
}

export function identityOf(genesis: Genesis): GenesisIdentity {
  return { clusterId: genesis.clusterId, genesisDigest: genesisDigest(genesis) }
}

/** Reads the genesis of that identity. Throws a {@link Damage} when the file holds another opening catalogue. */
export function readGenesis(file: SqliteFile, identity: GenesisIdentity): Genesis {
  const stocks = file.prepare('SELECT * FROM genesis ORDER BY position').all().map(toStock)
  const genesis = { clusterId: identity.clusterId, stocks }
  if (genesisDigest(genesis) === identity.genesisDigest) return genesis
  throw new Damage('its opening catalogue does not match its digest')
}

export function toStock(row: Row): Stock {
  return {
    name: text(row, 'name'),
    priceCents: integer(row, 'price_cents'),
    quantity: integer(row, 'quantity'),
    volume: integer(row, 'volume'),
  }
}
