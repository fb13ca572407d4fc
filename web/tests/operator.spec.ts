// What operators see of the machinery.

import { expect, test } from './test'

test('actors appear as they come to life, and a quarantine is lifted', async ({ page, server }) => {
  await page.goto(`${server.url}/app/operator/actors`)
  const sessions = page.getByRole('table').first().getByRole('row').filter({ has: page.getByRole('rowheader', { name: 'Sessions' }) })
  await expect(sessions).toBeVisible()
  const started = Number((await sessions.getByRole('cell').nth(4).innerText()).replace(/\D/g, ''))
  await server.prompt(await server.session('Wake an actor'), 'Hello')
  await expect.poll(async () => Number((await sessions.getByRole('cell').nth(4).innerText()).replace(/\D/g, ''))).toBeGreaterThan(started)
  await expect(page.getByText(/^Shard \d+$/).first()).toBeVisible()

  // One that failed too often cannot be made from outside; the answer is the server's with one more entry.
  const entity = 'session:ses_0192f0a4c1de7d52b0c3a1f2e4d5c6b7'
  let lifted = false
  await page.route('**/api/ops/supervision', async (route) => {
    const answer = await (await route.fetch()).json()
    if (!lifted) answer.quarantined.push({ node: answer.node.name, entity, kind: 'session', shard: 7, since: new Date().toISOString(), failures: 6, code: 'store.corrupt' })
    await route.fulfill({ json: answer })
  })
  await page.route('**/api/ops/quarantine/**', async (route) => {
    expect(decodeURIComponent(route.request().url())).toContain(entity)
    lifted = true
    await route.fulfill({ json: { entity, outcome: 'lifted' } })
  })
  await page.getByRole('button', { name: `Lift the quarantine of ${entity}` }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Lift' }).click()
  await expect(page.getByText('The quarantine is lifted')).toBeVisible()
  await expect(page.getByText('store.corrupt')).toHaveCount(0)
})

test('the map has a named cell for each shard, and arrow keys walk over it', async ({ page, server }) => {
  await page.goto(`${server.url}/app/operator/cluster`)
  const report = await (await fetch(`${server.url}/api/ops/cluster`)).json()
  const cells = page.getByRole('gridcell')
  await expect(cells).toHaveCount(256)
  await expect(cells.nth(17)).toHaveAccessibleName(`Shard 17: ${report.node}`)
  await cells.first().focus()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('ArrowRight')
  await expect(cells.nth(17)).toBeFocused()
  await expect(page.getByText(`Shard 17: ${report.node}`)).toBeVisible()
  await expect(page.getByRole('row').filter({ hasText: 'answers you' })).toContainText('Live')
})

test('plots show what was measured', async ({ page, server }) => {
  await page.goto(`${server.url}/app/operator/performance`)
  const rate = page.getByRole('img', { name: /^Prompts per minute/ })
  await expect(rate).toBeVisible()
  const session = await server.session('Some load')
  await server.prompt(session, 'One')
  await expect(rate).toHaveAccessibleName(/at most [1-9]/)
  await expect(page.getByRole('row').filter({ hasText: '/api/sessions/{id}/prompt' })).toContainText('ms')
  await expect(page.getByText('No channel has deliveries that wait')).toBeVisible()
})
