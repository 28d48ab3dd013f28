import { InvalidArgumentError } from 'commander'

/** Names of the processes of `bazaar up`, in words for a help text. There are as many replicas as it was told. */
export const PROCESS_NAMES = 'catalogue, order-1, order-2, …, frontend'

const WITH_A_LOG = /^(catalogue|order-[1-9][0-9]*|frontend|supervisor)$/

/** Reads one more name of what keeps a log: a process, or the supervisor. */
export function oneMoreLog(text: string, before: readonly string[] = []): readonly string[] {
  if (!WITH_A_LOG.test(text)) throw new InvalidArgumentError(`It must be one of ${PROCESS_NAMES}, supervisor.`)
  return [...before, text]
}
