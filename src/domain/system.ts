/** How a process says which system it belongs to. */
export interface SystemName {
  /** The cluster that its log, or its catalogue's, belongs to; undefined when it cannot say. */
  readonly clusterId: string | undefined
  /** "host:port" of its catalogue, as its start arguments have it. */
  readonly catalogueAddress: string
}

/**
 * Whether two processes belong together: they are of one cluster. While one of them knows no cluster, they belong together
 * if they were started for the same catalogue.
 */
export const isSameSystem = (one: SystemName, other: SystemName): boolean =>
  one.clusterId !== undefined && other.clusterId !== undefined
    ? one.clusterId === other.clusterId
    : one.catalogueAddress === other.catalogueAddress
