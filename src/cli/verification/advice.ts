import type { Standing, VerifiedCopy } from '../../storage/verify/verification.ts'

const LOOK_ELSEWHERE = 'Look at the other replicas before you touch anything; with none that is sound, put back a whole backup.'

const TWO_HISTORIES =
  'two histories of one system: a copy of it went on apart. No process gives up either of them. Move away the files of the copy ' +
  'that is not meant.'

/** Returns the advice to the operator about a copy with findings. */
export function adviceOn(
  copy: VerifiedCopy,
  standing: Standing | undefined,
  copies: readonly VerifiedCopy[],
  reference: VerifiedCopy | undefined,
): string {
  if (copy.kind === 'ledger') return adviceOnLedger(copy, copies)
  if (reference?.kind === 'ledger' && reference.findings.count > 0) return 'see to the ledger first, then verify again.'
  if (standing?.kind === 'parted' && !isGivenUp(copy, reference)) return TWO_HISTORIES
  if (isLedgerBehind(copy, reference))
    return 'the ledger has lost entries. Restart the catalogue with all replicas running: it recovers from the longest log.'
  if (
    !copies.some(
      ({ findings, unverified, length }) => findings.count === 0 && unverified === undefined && length > 0 && length >= copy.length,
    )
  ) {
    return `no sound copy here holds as many entries. ${LOOK_ELSEWHERE}`
  }
  return `${markerFor(copy)} and restart the replica: it keeps this file under another name, and gets every order from the leader.`
}

function adviceOnLedger(ledger: VerifiedCopy, copies: readonly VerifiedCopy[]): string {
  const sound = copies.filter(({ kind, findings }) => kind === 'order log' && findings.count === 0)
  if (!sound.some(({ length }) => length >= ledger.length)) {
    return `no sound order log here holds as many entries. ${LOOK_ELSEWHERE}`
  }
  return (
    `with all replicas running, ${markerFor(ledger)} and restart the catalogue: it keeps this file under another name, ` +
    'and recovers its history from the replicas. Refusals on record are forgotten.'
  )
}

/**
 * Says whether the ledger lacks entries of the log. Entries from before the ledger's last recovery do not count: the ledger
 * gave them up on purpose.
 */
function isLedgerBehind(log: VerifiedCopy, reference: VerifiedCopy | undefined): boolean {
  if (reference?.kind !== 'ledger' || reference.clusterId !== log.clusterId) return false
  return log.length > reference.length && !isGivenUp(log, reference)
}

/** Says whether the ledger's last recovery may have given up the end of the log. */
const isGivenUp = (log: VerifiedCopy, reference: VerifiedCopy | undefined): boolean =>
  reference?.kind === 'ledger' && log.lastGeneration < reference.recoveredGeneration

function markerFor({ source }: VerifiedCopy): string {
  return source.endsWith('.db') ? `\`touch ${source}.damaged\`` : 'put an empty file `<its file>.damaged` beside its file'
}
