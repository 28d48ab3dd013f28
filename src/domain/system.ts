/** A process's answer to the question which system it belongs to. */
export interface SystemName {
  /** The cluster that its log, or its catalogue's, belongs to; undefined when it cannot say. */
  readonly clusterId: string | undefined
  /** "host:port" of its catalogue, as its start arguments have it. */
  readonly catalogueAddress: string
}

/**
 * Says whether two processes belong to one system. When both know their cluster, it has to be the same. Otherwise they have
 * to have been started for the same catalogue.
 */
export const isSameSystem = (one: SystemName, other: SystemName): boolean =>
  one.clusterId !== undefined && other.clusterId !== undefined
    ? one.clusterId === other.clusterId
    : one.catalogueAddress === other.catalogueAddress
