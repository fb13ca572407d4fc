// The views that axe, the phone and the camera visit. A view that is added to the page is added here.

import type { Page } from '@playwright/test'
import { adminStops } from './admin-views'
import type { Server } from './server'

export interface Stop {
  name: string
  /** May make what it shows. */
  path: (server: Server) => Promise<string> | string
  /** Seen when the view is there. */
  shows: RegExp
  then?: (page: Page) => Promise<void>
}

const ANSWER = `Here is how the two compare.

## In short

**Columnar** storage reads less for wide questions; **row** storage writes less for narrow ones. Use \`explain\` before believing either.

| Store | Reads | Writes | Size on disk |
|---|---:|---:|---|
| rows | 4 200 | 18 900 | 3.1 GB |
| columns | 61 000 | 2 300 | 0.9 GB |

\`\`\`sql
select region, sum(amount) as total -- one column out of forty
  from sales
 where sold_at >= now() - interval '30 days'
 group by region;
\`\`\`

- Keep the ledger in rows.
- Copy it to columns every hour.
`

let prepared: Promise<{ chat: string; waiting: string; failed: string }> | undefined

async function prepare(server: Server) {
  const chat = await server.session('Compare row and column storage')
  await server.prompt(chat, `[[todo:Read the figures;Compare;Write it up]] [[read:figures.csv]] [[task:Measure both stores]] [[artifact:comparison.md|# Comparison\n\nRows for writing, columns for reading.]] [[cost:0.0231]] ${ANSWER}`)
  await server.settled(chat)
  const failed = await server.session('Fetch the exchange rates')
  await server.prompt(failed, '[[err:429]] Fetch the rates of today')
  const waiting = await server.session('Clean up the report folder')
  await server.prompt(waiting, '[[write:reports/summary.md|# Summary\n\nAll green.]] Write the summary')
  const asked = await server.session('Plan the offsite')
  await server.prompt(asked, '[[question:Which month suits everybody?|May|June|September]] Plan it')
  for (const title of ['Draft the release notes', 'Translate the handbook', 'Review the lease', 'Summarise the interviews']) await server.session(title)
  await server.settled(failed)
  return { chat, waiting, failed }
}

/** Sessions to look at, made once for each server. */
export function examples(server: Server): Promise<{ chat: string; waiting: string; failed: string }> {
  prepared ??= prepare(server)
  return prepared
}

export const stops: Stop[] = [
  { name: 'home', path: () => '/app', shows: /What shall we work on/ },
  { name: 'sessions', path: () => '/app/sessions', shows: /Draft the release notes/ },
  { name: 'chat', path: async (server) => `/app/sessions/${(await examples(server)).chat}`, shows: /Copy it to columns/ },
  {
    name: 'chat-details',
    path: async (server) => `/app/sessions/${(await examples(server)).chat}`,
    shows: /Copy it to columns/,
    then: async (page) => {
      await page.getByRole('button', { name: 'Show details' }).click()
      await page.getByRole('complementary', { name: 'Details' }).waitFor()
    },
  },
  { name: 'chat-approval', path: async (server) => `/app/sessions/${(await examples(server)).waiting}`, shows: /Needs your consent/ },
  { name: 'chat-failed', path: async (server) => `/app/sessions/${(await examples(server)).failed}`, shows: /The run failed/ },
  { name: 'approvals', path: () => '/app/approvals', shows: /Which month suits everybody/ },
  { name: 'artifacts', path: async (server) => `/app/artifacts?session=${(await examples(server)).chat}`, shows: /comparison\.md/ },
  { name: 'account', path: () => '/app/account', shows: /Appearance/ },
  {
    name: 'palette',
    path: () => '/app',
    shows: /What shall we work on/,
    then: async (page) => {
      await page.keyboard.press('Control+k')
      await page.getByRole('combobox', { name: 'Search and commands' }).waitFor()
    },
  },
  ...adminStops,
  { name: 'missing', path: () => '/app/nowhere', shows: /This page does not exist/ },
]
