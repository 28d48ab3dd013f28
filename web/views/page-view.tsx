import { BreakPanel } from './break-panel.tsx'
import { CachePanel } from './cache-panel.tsx'
import { ClusterPanel } from './cluster-panel.tsx'
import { Dialogs } from './dialogs.tsx'
import { Headline } from './headline.tsx'
import { LatencyPanel } from './latency-panel.tsx'
import { StocksPanel } from './stocks-panel.tsx'
import { StoryPanel } from './story-panel.tsx'
import { TapePanel } from './tape-panel.tsx'
import { TicketPanel } from './ticket-panel.tsx'
import { WitnessPanel } from './witness-panel.tsx'

/** The whole page. The style sheet places the parts; their order here is that of reading. */
export const Page = () => (
  <>
    <Headline />
    <main>
      <ClusterPanel />
      <BreakPanel />
      <WitnessPanel />
      <LatencyPanel />
      <StoryPanel />
      <TapePanel />
      <TicketPanel />
      <StocksPanel />
      <CachePanel />
    </main>
    <Dialogs />
  </>
)
