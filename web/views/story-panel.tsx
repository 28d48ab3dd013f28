import { control, live } from '../page.ts'
import type { Happening } from '../live/model.ts'
import { timeOfDay } from '../words.ts'
import { Panel } from './panel.tsx'

const SIGNS: Readonly<Record<Happening['kind'], readonly [sign: string, mood: string]>> = {
  'leader-lost': ['✕', 'bad'],
  elected: ['★', 'lead'],
  'follower-gone': ['✕', 'bad'],
  'in-sync': ['◆', 'good'],
  'catalogue-gone': ['✕', 'bad'],
  'catalogue-back': ['■', 'good'],
  recovered: ['▲', 'warn'],
  overload: ['▲', 'warn'],
  'front-end-started': ['■', 'good'],
  started: ['▶', 'good'],
  exited: ['✕', 'bad'],
  paused: ['‖', 'warn'],
  resumed: ['▶', 'good'],
  'backing-off': ['…', 'warn'],
}

/** Tells what happened, newest first. */
export const StoryPanel = () => {
  const items = live.happenings.value
  return (
    <Panel id="story" title="What happened">
      {items.length === 0 ? (
        <p class="empty">{control ? 'Nothing yet. Kill something.' : 'Nothing yet.'}</p>
      ) : (
        <ol class="story scrolls" tabIndex={0} aria-label="What happened, newest first">
          {items.map(({ id, atMs, kind, text }) => (
            <li key={id}>
              <time dateTime={new Date(atMs).toISOString()}>{timeOfDay(atMs)}</time>
              <span class={SIGNS[kind][1]} aria-hidden="true">
                {SIGNS[kind][0]}
              </span>
              <span>{text}</span>
            </li>
          ))}
        </ol>
      )}
    </Panel>
  )
}
