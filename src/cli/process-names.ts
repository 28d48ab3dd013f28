import { InvalidArgumentError } from 'commander'

/** The names of the processes of `bazaar up`, in words for a help text. The number of replicas varies. */
export const PROCESS_NAMES = 'catalogue, order-1, order-2, …, frontend'

const WITH_A_LOG = /^(catalogue|order-[1-9][0-9]*|frontend|supervisor)$/

/** Reads one more name of a process that keeps a log. The supervisor is one of them. */
export function oneMoreLog(text: string, before: readonly string[] = []): readonly string[] {
  if (!WITH_A_LOG.test(text)) throw new InvalidArgumentError(`It must be one of ${PROCESS_NAMES}, supervisor.`)
  return [...before, text]
}
