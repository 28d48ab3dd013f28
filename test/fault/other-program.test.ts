import { test } from 'vitest'
import { leadsAlone } from './other-program-suite.ts'

test('a program of another make with the highest id: elected when none of ours is left, it trades, and gives way to ours', () =>
  leadsAlone('order-3'))
