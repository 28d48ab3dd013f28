import { render } from 'preact'
import { control, live, witness } from './page.ts'
import { followStream } from './live/stream.ts'
import { listenToKeys } from './views/keys.ts'
import { Page } from './views/page-view.tsx'
import { applyTheme } from './views/theme.ts'

applyTheme()
const place = document.getElementById('page')
if (place) {
  place.replaceChildren()
  render(<Page />, place)
}
followStream(live)
if (control) void control.follow()
listenToKeys()
live.cluster.subscribe((cluster) => {
  if (cluster !== '') witness.recall()
})
