import { signal } from '@preact/signals'

const KEPT_AS = 'bazaar-theme'
const THEMES = ['auto', 'dark', 'light'] as const
export type Theme = (typeof THEMES)[number]

export const theme = signal<Theme>(THEMES.find((each) => each === localStorage.getItem(KEPT_AS)) ?? 'auto')

/** Shows the theme that was chosen. 'auto' leaves it to the system. */
export function applyTheme(): void {
  document.documentElement.dataset['theme'] = theme.value
}

/** Goes on to the next theme. */
export function nextTheme(): void {
  theme.value = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] ?? 'auto'
  localStorage.setItem(KEPT_AS, theme.value)
  applyTheme()
}
