import type { Schema } from '../file/schema.ts'

const GENESIS = `
CREATE TABLE genesis ( -- what was for sale when the history began; never changes
  position INTEGER PRIMARY KEY, -- order in the opening catalogue, from 0
  name TEXT NOT NULL UNIQUE,
  price_cents INTEGER NOT NULL,
  quantity INTEGER NOT NULL,
  volume INTEGER NOT NULL
) STRICT;`

const ENTRIES = `
CREATE TABLE entries ( -- accepted orders, numbered 0, 1, 2, … without a gap; never changed
  number INTEGER PRIMARY KEY,
  generation INTEGER NOT NULL, -- the catalogue's generation when it decided
  key TEXT NOT NULL, -- idempotency key
  fingerprint TEXT NOT NULL, -- the request in short
  name TEXT NOT NULL,
  type TEXT NOT NULL, -- buy or sell
  quantity INTEGER NOT NULL,
  time_ms INTEGER NOT NULL, -- when it was decided, milliseconds since 1970
  digest BLOB NOT NULL -- SHA-256 of the hexadecimal digest before it and the JSON array of the columns before this one
) STRICT;`

/** The catalogue's file. */
export const LEDGER_SCHEMA: Schema = {
  kind: 'a ledger',
  applicationId: 0x53_42_6c_67, // "SBlg"
  version: 2,
  advice: 'Start the catalogue again: it keeps the file under another name, and recovers its history from the replicas',
  sql: `
CREATE TABLE cluster ( -- one row
  only INTEGER PRIMARY KEY CHECK (only = 1),
  cluster_id TEXT NOT NULL,
  genesis_digest TEXT NOT NULL, -- SHA-256 of the cluster's id and the opening catalogue
  generation INTEGER NOT NULL, -- raised at every start of the catalogue
  recovered_generation INTEGER NOT NULL, -- that of the last recovery from replicas, 0 when there was none
  length INTEGER NOT NULL, -- number of entries
  published INTEGER NOT NULL, -- entries below this number were shown to clients for sure
  checksum TEXT NOT NULL -- start of the SHA-256 of the JSON array of the table's name and the columns before this one
) STRICT;
${GENESIS}
CREATE TABLE stocks ( -- levels after the last entry
  name TEXT PRIMARY KEY,
  price_cents INTEGER NOT NULL,
  quantity INTEGER NOT NULL CHECK (quantity >= 0),
  volume INTEGER NOT NULL,
  checksum TEXT NOT NULL
) STRICT, WITHOUT ROWID;
${ENTRIES}
CREATE UNIQUE INDEX entries_by_key ON entries (key); -- keys that grow with time cost a third of random ones
CREATE TABLE rejections ( -- refused orders, so that asking again gets the same answer
  key TEXT PRIMARY KEY, -- idempotency key
  fingerprint TEXT NOT NULL,
  reason TEXT NOT NULL,
  position INTEGER NOT NULL, -- number of entries when it was decided
  time_ms INTEGER NOT NULL,
  checksum TEXT NOT NULL
) STRICT;
CREATE INDEX rejections_by_time ON rejections (time_ms);
CREATE TABLE replicas ( -- replicas that this catalogue has met
  replica_id INTEGER PRIMARY KEY,
  address TEXT NOT NULL, -- host:port where it was met last
  checksum TEXT NOT NULL
) STRICT;`,
}

/** A replica's file. */
export const ORDER_LOG_SCHEMA: Schema = {
  kind: 'an order log',
  applicationId: 0x53_42_6f_6c, // "SBol"
  version: 2,
  advice: 'Start the replica again: it keeps the file under another name, and gets every order from the leader',
  sql: `
CREATE TABLE log ( -- one row
  only INTEGER PRIMARY KEY CHECK (only = 1),
  disk_id TEXT NOT NULL, -- made with this file
  cluster_id TEXT, -- the history that this log belongs to; NULL until it met a catalogue or a leader
  genesis_digest TEXT, -- SHA-256 of the cluster's id and the opening catalogue; NULL like the one before
  sealed_generation INTEGER NOT NULL, -- nothing is taken from a lower generation than this
  length INTEGER NOT NULL, -- number of entries
  checksum TEXT NOT NULL -- start of the SHA-256 of the JSON array of the table's name and the columns before this one
) STRICT;
${GENESIS}
${ENTRIES}`,
}
