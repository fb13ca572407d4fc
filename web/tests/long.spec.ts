// A session that went on for months.

import { Server } from './server'
import { answered, expect, say, test } from './test'

let server: Server

const MESSAGES = 10_000
/** As many as one import takes. */
const IMPORTED = 2000

const PARTS = [
  'A short word.',
  'Some words of an answer that fill a few lines of the page, with **weight** and `code` in them. '.repeat(4),
  '| Region | Amount |\n|---|---:|\n| North | 4 200 |\n| South | 18 900 |',
  "```ts\nconst answer = await api.get('/api/sessions') // all of them\nfor (const one of answer.sessions) console.log(one.title)\n```",
  '- Keep the ledger in rows.\n- Copy it to columns every hour.\n- Compare both.',
  'A longer one. '.repeat(60),
]

/** A session of real messages: the first ones imported, and the same again and again behind them. */
async function longSession(server: Server): Promise<string> {
  const messages = Array.from({ length: IMPORTED }, (_, index) => ({
    id: `m${index}`,
    role: index % 2 === 0 ? 'user' : 'assistant',
    content: index % 2 === 0 ? `Question ${index}` : `Answer ${index}\n\n${PARTS[(index >> 1) % PARTS.length]}`,
    timestamp: new Date(Date.UTC(2026, 0, 1) + index * 60_000).toISOString(),
    order: index,
  }))
  const made = await server.post<{ session: { sessionId: string } }>('/api/import/sessions', { source: { kind: 'local-session', fingerprint: 'long', title: 'A long story' }, title: 'A long story', messages })
  const id = made.session.sessionId
  const copies = MESSAGES / IMPORTED - 1
  await server.sql(`
    create temporary table grown as
      select e.session, e.type, replace(e.payload, '"messageId":"', '"messageId":"' || copy || '-') as payload, e.created_at, e.ws,
             row_number() over (order by copy, e.seq) as number
        from session_events e, generate_series(1, ${copies}) copy
       where e.session = '${id.replace('ses_', '')}' and e.type in ('prompt.submitted', 'assistant.message');
    insert into session_events (session, seq, type, payload, created_at, ws, ws_seq)
      select g.session, s.last_seq + g.number, g.type, g.payload, g.created_at, g.ws, w.last_seq + g.number
        from grown g join sessions s using (session) join workspaces w on w.id = g.ws;
    update workspaces w set last_seq = w.last_seq + (select count(*) from grown g where g.ws = w.id);
    update sessions s set last_seq = s.last_seq + (select count(*) from grown g where g.session = s.session);`)
  return id
}

test.beforeAll(async ({}, info) => {
  info.setTimeout(120_000)
  // An unoptimised server takes seconds to read ten thousand messages for the first time, and is not to be taken for dead meanwhile.
  server = await Server.start({ LEASE: '1m' })
})
test.afterAll(async () => (server as Server | undefined)?.stop())

test('10 000 messages open at the end, scroll to the first and stay light', async ({ page }) => {
  test.setTimeout(180_000)
  const session = await longSession(server)
  const { projection } = (await (await fetch(`${server.url}/api/sessions/${session}`)).json()) as { projection: { view: { messages: unknown[] } } }
  expect(projection.view.messages).toHaveLength(MESSAGES)
  await page.goto(`${server.url}/app/sessions/${session}`)
  await expect(answered(page, 'Answer 1999')).toBeVisible({ timeout: 60_000 })
  const rows = page.locator('[role=listitem][data-key]')
  const nodes = () => page.evaluate(() => document.querySelectorAll('*').length)
  expect(await rows.count(), 'rows in the document').toBeLessThan(60)
  const opened = await nodes()
  expect(opened, 'elements in the document').toBeLessThan(2500)

  const log = page.getByRole('region', { name: 'Conversation' })
  await log.hover()
  await page.mouse.wheel(0, -3000)
  await expect(page.getByRole('button', { name: 'Jump to latest' })).toBeVisible()
  // What one looks at stays where it is while rows above it are measured.
  const place = () => page.evaluate(() => { const row = [...document.querySelectorAll('[data-key]')].find((one) => one.getBoundingClientRect().top > 200); return [row?.getAttribute('data-key'), row?.getBoundingClientRect().top] })
  const before = await place()
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))))
  expect(await place()).toEqual(before)

  // Through the whole of it: nothing that left the screen stays in the document.
  for (const share of [0.8, 0.6, 0.4, 0.2]) {
    await log.evaluate((element, at) => (element.scrollTop = element.scrollHeight * at), share)
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))))
    expect(await rows.count()).toBeLessThan(60)
  }
  await log.focus()
  await page.keyboard.press('Home')
  await expect(page.getByText('Question 0', { exact: true })).toBeVisible()
  await expect(rows.first()).toHaveAttribute('aria-posinset', '1')
  await page.keyboard.press('End')
  await expect(answered(page, 'Answer 1999')).toBeVisible()
  await say(page, '[[text:40]] One more')
  await expect(page.getByText('w40', { exact: false }).first()).toBeVisible({ timeout: 60_000 })
  expect(await rows.count()).toBeLessThan(60)
  expect(await nodes(), 'as light as when it was opened').toBeLessThan(opened * 1.5)
})
