import { control, dialog, forMs, isTapeHeld, live, selected } from '../page.ts'

/** All keys, for the help and for the handler. */
export const KEYS = [
  { key: 'K', does: 'kill the leader' },
  { key: '⇧K', does: 'kill everything (asks first)' },
  { key: '1 2 3', does: 'select a replica' },
  { key: 'P', does: 'pause the selected process, or the leader; again: let it go on' },
  { key: 'R', does: 'restart the selected process, or the leader' },
  { key: 'Space', does: 'hold the tape' },
  { key: '/', does: 'filter by stock' },
  { key: '?', does: 'show the keys' },
  { key: 'Esc', does: 'close, or select nothing' },
] as const

export function listenToKeys(): void {
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || dialog.value !== undefined) return
    const at = event.target as HTMLElement
    if (at.closest('input, select, textarea')) return
    if (event.key === ' ' && at.closest('button, a, summary, [tabindex]')) return
    if (act(event.key)) event.preventDefault()
  })
}

/** Carries out a key. Returns false for one that means nothing. */
function act(key: string): boolean {
  const target = selected.value ?? 'leader'
  switch (key) {
    case 'k':
      void control?.act('leader', 'kill', forMs.value)
      return true
    case 'K':
      if (control) dialog.value = 'everything'
      return true
    case 'p':
      void pauseOrResume(target)
      return true
    case 'r':
      void control?.act(target, 'restart')
      return true
    case ' ':
      isTapeHeld.value = !isTapeHeld.value
      return true
    case '/':
      document.getElementById('filter')?.focus()
      return true
    case '?':
      dialog.value = 'keys'
      return true
    case 'Escape':
      selected.value = undefined
      return true
    default:
      return select(key)
  }
}

function select(key: string): boolean {
  if (!/^[1-9]$/.test(key)) return false
  const replicas = (live.state.value?.processes ?? []).filter(({ role }) => role !== 'front end' && role !== 'catalogue')
  const name = replicas.map((each) => each.name).toSorted()[Number(key) - 1]
  selected.value = selected.value === name ? undefined : name
  return true
}

async function pauseOrResume(target: string): Promise<void> {
  const paused = control?.processes.value.find(({ name, state }) => state === 'paused' && (name === selected.value || !selected.value))
  if (paused) await control?.act(paused.name, 'resume')
  else await control?.act(target, 'pause', forMs.value)
}
