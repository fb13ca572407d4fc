// Networks whose proxies let no WebSocket through.

import type { Page } from '@playwright/test'
import { answered, expect, NETWORK, say, test } from './test'

/** Refuses every socket of the page, and counts the streams that are open in its place. */
async function block(page: Page): Promise<{ open: () => number }> {
  await page.routeWebSocket(/\/api\/ws$/, (socket) => socket.close())
  const streams = new Set<unknown>()
  page.on('request', (request) => {
    if (/\/events\?/.test(request.url())) streams.add(request)
  })
  for (const end of ['requestfinished', 'requestfailed'] as const) page.on(end as 'requestfinished', (request) => streams.delete(request))
  return { open: () => streams.size }
}

test('an answer appears all the same, two pages stay in step, and no more than two connections are held', async ({ page, browser, server, watch }) => {
  watch.expect(NETWORK)
  const { open } = await block(page)
  await page.goto(`${server.url}/`)
  await say(page, '[[write:plan.md|step one]] Write it down')
  await expect(page.getByRole('heading', { name: 'Needs your consent' })).toBeVisible()
  await expect(page.getByText('Reconnecting')).toBeHidden()
  // Allowed on a page that has a socket.
  const other = await browser.newPage()
  await other.goto(`${server.url}/app/approvals`)
  await other.getByRole('listitem').filter({ hasText: 'Write it down' }).getByRole('button', { name: 'Allow once' }).click()
  await expect(answered(page, 'echo: Write it down')).toBeVisible()
  await other.close()
  for (const title of ['One', 'Two', 'Three']) {
    await page.goto(`${server.url}/app/sessions/${await server.session(title)}`)
    await say(page, `Hello ${title}`)
    await expect(answered(page, `echo: Hello ${title}`)).toBeVisible()
  }
  const navigation = page.getByRole('navigation', { name: 'Main' })
  for (const title of ['One', 'Two', 'Three']) {
    await navigation.getByText(title, { exact: true }).click()
    await expect(page.getByRole('heading', { level: 1, name: title })).toBeVisible()
  }
  await expect.poll(open).toBe(2)
})

test('a server that is killed while it answers is resumed where it was, and a free network brings the socket back', async ({ page, server, watch }) => {
  watch.expect(NETWORK)
  await block(page)
  await page.goto(`${server.url}/`)
  await say(page, '[[text:150]] [[slow:40]] A long one')
  await expect(page.getByText('w12', { exact: false }).first()).toBeVisible()
  await server.kill()
  await expect(page.getByText('Reconnecting')).toBeVisible()
  await server.run()
  await expect(page.getByText('w150', { exact: false }).first()).toBeVisible({ timeout: 30_000 })
  await expect(page.getByText('Reconnecting')).toBeHidden()
  const words = await page.getByRole('article', { name: 'Agent' }).last().locator('.markdown').innerText()
  expect(words.split(/\s+/).filter((word) => word === 'w7'), 'each word once').toHaveLength(1)

  const free = await page.context().newPage()
  const heard = new Promise((resolve) => free.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => /"event"/.test(String(payload)) && resolve(true))))
  await free.goto(page.url())
  await say(free, 'And on')
  await expect(answered(free, 'echo: And on')).toBeVisible()
  await expect(answered(page, 'echo: And on')).toBeVisible()
  await heard
})
