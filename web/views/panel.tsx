import type { ComponentChildren } from 'preact'

interface PanelProps {
  readonly id: string
  readonly title: string
  /** Stands beside the title. */
  readonly aside?: ComponentChildren
  readonly children: ComponentChildren
}

/** A part of the page with a title. */
export const Panel = ({ id, title, aside, children }: PanelProps) => (
  <section class="panel" id={id} aria-labelledby={`${id}-title`}>
    <header>
      <h2 id={`${id}-title`}>{title}</h2>
      {aside}
    </header>
    {children}
  </section>
)
