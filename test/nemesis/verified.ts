import { join } from 'node:path'
import { reportLines, reportOn } from '../../src/cli/verification/report.ts'
import type { Progress } from '../../src/storage/verification.ts'
import { verifyFile } from '../../src/storage/embedded/verified-file.ts'
import { REPLICAS, type Fleet } from './fleet.ts'

const SILENT: Progress = { begin: () => {}, advance: () => {} }

/**
 * Reads the files of a system that has ended in full, as `bazaar verify` does, and says what is wrong with them. Not those
 * that a fault has damaged: bytes may have been flipped where nobody has looked since.
 */
export async function verifyFiles(fleet: Fleet): Promise<string[]> {
  const files = [
    { name: 'catalogue', file: 'catalog.db', kind: 'ledger' as const },
    ...REPLICAS.map((name) => ({ name, file: `${name.replace('-', '')}.db`, kind: 'order log' as const })),
  ]
  const sound = files.filter(({ name }) => !fleet.damaged.has(name))
  const copies = sound.map(({ name, file, kind }) => verifyFile(join(fleet.folder(name), file), kind, SILENT))
  try {
    const report = await reportOn(copies)
    return report.isWell ? [] : [`verify: ${reportLines(report, (_, text) => text).join('; ')}`]
  } finally {
    for (const copy of copies) copy.close()
  }
}
