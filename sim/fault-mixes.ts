import type { FaultName } from './faults.ts'

/** The faults that one run may bring upon the cluster. */
export interface FaultMix {
  readonly name: string
  /** Relative weights of the faults. */
  readonly weights: Readonly<Partial<Record<FaultName, number>>>
  /** The ledger's disk may be lost, and its rejections with it. So clients do not repeat orders that were answered. */
  readonly losesLedger?: true
  /** Under these faults clients may notice a short pause, and nothing else. */
  readonly unnoticed?: true
  /** None of these faults is a reason to elect another leader. */
  readonly keepsLeader?: true
}

export const FAULT_MIXES: readonly FaultMix[] = [
  { name: 'calm', weights: { reset: 1, stall: 1, 'ways-fail-in-turn': 1, 'slow-network': 1, 'wall-clock': 1 } },
  {
    name: 'crashes',
    weights: {
      'kill-replica': 3,
      'kill-heads': 3,
      'deaf-front-end': 2,
      'slow-disk': 1,
      'slow-network': 1,
      'kill-catalogue': 1,
      'kill-front-end': 1,
      'kill-two': 1,
      'kill-all': 0.3,
    },
  },
  { name: 'one replica away', unnoticed: true, weights: { 'one-replica-away': 1 } },
  { name: 'catalogue restarts', unnoticed: true, weights: { 'restart-catalogue': 1 } },
  {
    name: 'front ends',
    weights: {
      'kill-front-end': 1,
      'pause-front-end': 3,
      'deaf-front-end': 4,
      'delay-confirmations': 3,
      partition: 2,
      stall: 1,
      'slow-network': 1,
      'slow-disk': 1,
    },
  },
  { name: 'pauses', weights: { pause: 4, 'slow-process': 2, 'slow-disk': 1, 'slow-network': 1 } },
  { name: 'others late', keepsLeader: true, weights: { 'others-late': 1 } },
  { name: 'forgotten', weights: { 'forget-connections': 5, 'kill-replica': 1, pause: 1, reset: 1, 'slow-process': 1, vanish: 0.5 } },
  { name: 'network', weights: { partition: 4, reset: 3, stall: 3, 'slow-network': 3, vanish: 1 } },
  { name: 'machines', weights: { vanish: 8, 'vanish-catalogue': 4, stall: 2, pause: 1, 'slow-network': 1 } },
  { name: 'disks', weights: { 'full-disk': 2, 'broken-disk': 2, 'slow-disk': 3, 'kill-replica': 1 } },
  { name: 'clocks', weights: { 'wall-clock': 3, 'start-with-wrong-date': 2, 'kill-catalogue': 2, 'kill-front-end': 0.5 } },
  { name: 'full disks', losesLedger: true, weights: { 'all-disks-full': 1 } },
  {
    name: 'ledger lost',
    losesLedger: true,
    weights: {
      'lose-ledger': 4,
      'lose-ledger-behind': 2,
      'damage-ledger': 1,
      'restore-backup': 2,
      'lose-replica-disk': 1,
      'give-up-with-ledger': 2,
      'copy-that-parted': 4,
      'flip-ledger-bit': 0.5,
      'kill-replica': 3,
      'kill-catalogue': 2,
      partition: 1,
      reset: 1,
      vanish: 0.5,
      'slow-network': 1,
      'slow-disk': 3,
      'full-disk': 0.5,
      'broken-disk': 0.5,
      pause: 1,
    },
  },
  {
    name: 'replica and ledger given up',
    losesLedger: true,
    weights: {
      'give-up-with-ledger': 6,
      'kill-replica': 2,
      'kill-catalogue': 2,
      'slow-disk': 2,
      'slow-network': 1,
      reset: 1,
    },
  },
  {
    name: 'replica lost',
    weights: {
      'lose-replica-disk': 2,
      'leave-empty-replica-alone': 2,
      'flip-bit': 2,
      'give-up-replica': 1,
      'kill-replica': 3,
      'kill-catalogue': 1,
      pause: 2,
      partition: 1,
      reset: 1,
    },
  },
  {
    name: 'neighbour',
    weights: {
      'neighbour-moves-in': 4,
      'kill-neighbour': 2,
      'kill-catalogue': 2,
      'kill-replica': 2,
      'kill-front-end': 1,
      'kill-all': 0.3,
      pause: 1,
      partition: 1,
      reset: 1,
      'slow-network': 1,
    },
  },
  {
    name: 'everything',
    weights: {
      'kill-replica': 3,
      'kill-catalogue': 1,
      'kill-front-end': 0.5,
      'kill-two': 0.5,
      'kill-all': 0.1,
      vanish: 1,
      'deaf-front-end': 1,
      pause: 3,
      partition: 3,
      reset: 2,
      stall: 1,
      'slow-network': 2,
      'slow-disk': 1,
      'full-disk': 0.5,
      'broken-disk': 0.5,
      'flip-bit': 0.5,
      'wall-clock': 1,
    },
  },
]
