// What admins do, each in their role: an organisation behind a proxy that says who asks.

import type { Browser, Page } from '@playwright/test'
import { IdentityProxy, SECRET, type Person } from './identity-proxy'
import { Server } from './server'
import { expect, NETWORK, test, type Watch } from './test'

const OPERATOR = 'qN7vT2xLw9RkYb4HsZc6FgPu8Ea1Dm3J'

let server: Server
const proxies: IdentityProxy[] = []

const KIM: Person = { user: 'kim', email: 'kim@acme.example', role: 'owner' }
const MAX: Person = { user: 'max', email: 'max@acme.example', role: 'admin' }
const ADA: Person = { user: 'ada', email: 'ada@acme.example', role: 'member' }

/** A page that somebody opened. */
async function as(person: Person, browser: Browser, watch: Watch): Promise<{ page: Page; url: string }> {
  const proxy = await IdentityProxy.start(server.port, person)
  proxies.push(proxy)
  const context = await browser.newContext({ permissions: ['clipboard-read', 'clipboard-write'], acceptDownloads: true })
  context.on('page', (page) => watch.follow(page))
  return { page: await context.newPage(), url: proxy.url }
}

test.beforeAll(async ({}, info) => {
  info.setTimeout(90_000)
  server = await Server.start({ AUTH_MODE: 'header', HEADER_AUTH_SECRET: SECRET, COOKIE_SECRET: 'vJ4q0ZrT8mXw1LkYb6HsNc9FgPu3Ea5D', COOKIE_SECURE: 'false', SIGNUP_MODE: 'open', OPERATOR_TOKEN: OPERATOR, MAX_PROMPTS_PER_HOUR: '2' })
  // Whoever comes in first has the role that the proxy says; afterwards the organisation is closed to strangers.
  for (const person of [KIM, MAX, ADA]) {
    const proxy = await IdentityProxy.start(server.port, person)
    const came = await fetch(`${proxy.url}/api/workspace`)
    if (!came.ok) throw new Error(await came.text())
    proxy.stop()
  }
  await server.kill('SIGTERM')
  server.settings.SIGNUP_MODE = 'invite'
  await server.run()
})
test.afterEach(() => proxies.splice(0).forEach((proxy) => proxy.stop()))
test.afterAll(async () => (server as Server | undefined)?.stop())

test('everybody sees what their role may do, and nothing else', async ({ browser, watch }) => {
  watch.expect(NETWORK)
  const links = async (person: Person) => {
    const { page, url } = await as(person, browser, watch)
    await page.goto(`${url}/app/admin/members`)
    await expect(page.getByRole('table', { name: 'Members of the organisation' })).toBeVisible()
    return { page, url, names: await page.getByRole('navigation', { name: 'Main' }).locator('a[href^="/app/admin/"], a[href^="/app/operator/"]').allInnerTexts() }
  }
  const owner = await links(KIM)
  expect(owner.names).toEqual(['Members', 'Roles', 'API tokens', 'Provider keys', 'Channels', 'Policy', 'Usage', 'Audit log', 'Actors', 'Cluster', 'Performance'])
  const admin = await links(MAX)
  expect(admin.names).toEqual(owner.names.filter((name) => name !== 'Roles'))
  const member = await links(ADA)
  expect(member.names).toEqual(['Members'])
  await expect(member.page.getByRole('button', { name: /Manage|Invite/ })).toHaveCount(0)
  await member.page.goto(`${member.url}/app/admin/audit`)
  await expect(member.page.getByText('Not for your role')).toBeVisible()
  // An admin does not change an owner, and nobody themselves.
  await admin.page.getByRole('button', { name: 'Manage kim@acme.example' }).click()
  await expect(admin.page.getByRole('dialog').getByText('Owners are changed by owners')).toBeVisible()
  await expect(admin.page.getByRole('dialog').getByRole('button', { name: 'Disable' })).toHaveCount(0)
})

test('an invitation is shown once, and its link lets somebody in', async ({ browser, watch }) => {
  watch.expect(NETWORK)
  const { page, url } = await as(KIM, browser, watch)
  await page.goto(`${url}/app/admin/members`)
  await page.getByRole('button', { name: 'Invite', exact: true }).click()
  await page.getByLabel('E-mail address').fill('noa@acme.example')
  await page.getByRole('button', { name: 'Make invitation' }).click()
  await page.getByRole('button', { name: 'Copy' }).click()
  const link = await page.evaluate(() => navigator.clipboard.readText())
  await expect(page.getByLabel('Link to send')).toHaveValue(link)
  await page.getByRole('button', { name: 'Done' }).click()
  await page.getByRole('tab', { name: 'Invited' }).click()
  await expect(page.getByRole('row').filter({ hasText: 'noa@acme.example' })).toBeVisible()

  const guest = await as({ user: 'noa', email: 'noa@acme.example', role: 'member' }, browser, watch)
  await guest.page.goto(`${guest.url}/app/sessions`)
  await expect(guest.page.getByRole('heading', { name: 'You cannot come in yet' })).toBeVisible()
  await guest.page.goto(guest.url + new URL(link).pathname + new URL(link).hash)
  await expect(guest.page.getByRole('heading', { name: 'You are invited' })).toBeVisible()
  expect(guest.page.url(), 'the token is out of the address').not.toContain('#')
  await guest.page.getByRole('button', { name: 'Accept' }).click()
  await guest.page.getByRole('button', { name: 'Continue' }).click()
  await expect(guest.page.getByText('noa@acme.example')).toBeVisible()
})

test('a custom role reaches further at once, and a disabled member nothing', async ({ browser, watch }) => {
  watch.expect(NETWORK)
  const { page, url } = await as(KIM, browser, watch)
  await page.goto(`${url}/app/admin/roles`)
  await page.getByRole('button', { name: 'New role' }).click()
  await page.getByLabel('Name').fill('Auditor')
  await expect(page.getByRole('textbox', { name: 'Key' })).toHaveValue('auditor')
  await page.getByLabel('Read and export the audit log').check()
  await page.getByRole('button', { name: 'Save role' }).click()
  await expect(page.getByRole('row').filter({ hasText: 'Auditor' })).toContainText('nobody')
  await page.getByRole('link', { name: 'Members', exact: true }).click()
  await page.getByRole('button', { name: 'Manage ada@acme.example' }).click()
  await page.getByLabel('Custom role').selectOption({ label: 'Auditor' })
  await page.getByRole('button', { name: 'Save changes' }).click()
  await expect(page.getByRole('row').filter({ hasText: 'ada@acme.example' })).toContainText('auditor')

  const ada = await as(ADA, browser, watch)
  await ada.page.goto(`${ada.url}/app`)
  await ada.page.getByRole('link', { name: 'Audit log' }).click()
  await expect(ada.page.getByText('custom_role.created')).toBeVisible()

  await page.getByRole('button', { name: 'Manage ada@acme.example' }).click()
  await page.getByRole('button', { name: 'Disable' }).click()
  await page.getByRole('dialog', { name: 'Disable ada@acme.example?' }).getByRole('button', { name: 'Disable' }).click()
  await expect(page.getByRole('row').filter({ hasText: 'ada@acme.example' })).toContainText('Disabled')
  await ada.page.reload()
  await expect(ada.page.getByRole('heading', { name: 'You cannot come in yet' })).toBeVisible()
})

test('a token is shown once, works, and stops when it is revoked', async ({ browser, watch }) => {
  const { page, url } = await as(MAX, browser, watch)
  await page.goto(`${url}/app/admin/tokens`)
  await page.getByRole('button', { name: 'New token' }).click()
  await page.getByLabel('Name').fill('Build server')
  await page.getByLabel('desktop').uncheck()
  await page.getByRole('button', { name: 'Issue token' }).click()
  await expect(page.getByText('Choose at least one scope')).toBeVisible()
  await page.getByLabel('desktop').check()
  await page.getByRole('button', { name: 'Issue token' }).click()
  const token = await page.getByLabel('Token', { exact: true }).inputValue()
  expect(token).toMatch(/^occ_tok_/)
  // A slip of the mouse beside the dialog does not lose it.
  await page.mouse.click(5, 5)
  await expect(page.getByLabel('Token', { exact: true })).toBeVisible()
  await page.getByRole('button', { name: 'Done' }).click()
  expect(await page.content(), 'gone from the page').not.toContain(token)
  expect(await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage })), 'and in no storage').not.toContain('occ_')
  const asks = () => fetch(`${server.url}/api/sessions`, { headers: { authorization: `Bearer ${token}` } }).then((answer) => answer.status)
  expect(await asks()).toBe(200)
  await page.getByRole('button', { name: 'Revoke Build server' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
  await expect(page.getByText('No active tokens')).toBeVisible()
  expect(await asks()).toBe(401)
  await page.getByRole('tab', { name: 'Ended' }).click()
  await expect(page.getByRole('row').filter({ hasText: 'Build server' })).toContainText('Revoked')
})

test('the audit log is filtered, unfolded, sent as an address and taken along', async ({ browser, watch }) => {
  const { page, url } = await as(KIM, browser, watch)
  await page.goto(`${url}/app/admin/audit`)
  await page.getByLabel('Topic').selectOption({ label: 'API tokens' })
  await expect(page).toHaveURL(/action=api_token\./)
  const entries = page.getByRole('list', { name: 'Audit log' }).getByRole('listitem')
  await expect(entries.first()).toContainText('api_token.')
  await expect(entries.filter({ hasText: 'membership.' })).toHaveCount(0)
  await entries.first().getByRole('button').first().click()
  await expect(entries.first()).toContainText('audit_')
  await page.reload()
  await expect(entries.first()).toContainText('api_token.')
  await page.getByRole('button', { name: 'Export' }).click()
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'As CSV' }).click()])
  expect(download.suggestedFilename()).toBe('audit-export-acme.csv')
  const lines = (await (await download.createReadStream()).toArray()).join('').split('\n')
  expect(lines[0]).toBe('eventId,createdAt,orgId,actorType,actorId,accountId,eventType,targetType,targetId,result,metadata')
  expect(lines.slice(1).filter(Boolean).every((line) => line.includes('api_token.'))).toBe(true)
  await page.keyboard.press('Escape')
  await page.getByLabel('Action begins with').fill('no.such.thing')
  await expect(page.getByText('No entry matches')).toBeVisible()
  await page.getByRole('button', { name: 'Clear filters' }).first().click()
  await expect(entries.filter({ hasText: 'membership.' }).first()).toBeVisible()
})

test('a policy is changed in parts, and changes are not lost by accident', async ({ browser, watch }) => {
  const { page, url } = await as(MAX, browser, watch)
  await page.goto(`${url}/app/admin/policy`)
  await page.getByRole('group', { name: 'Run commands' }).getByLabel('Deny').check()
  await page.getByLabel('Allowed providers').check()
  await page.getByRole('textbox', { name: 'Allowed providers' }).fill('openai\n\nanthropic\nopenai')
  page.once('dialog', (dialog) => dialog.dismiss())
  await page.getByRole('link', { name: 'Members', exact: true }).click()
  await expect(page.getByText('Not saved yet')).toBeVisible()
  await page.getByRole('button', { name: 'Save policy' }).click()
  await expect(page.getByText('The policy is saved')).toBeVisible()
  await page.reload()
  await expect(page.getByRole('group', { name: 'Run commands' }).getByLabel('Deny')).toBeChecked()
  await expect(page.getByRole('textbox', { name: 'Allowed providers' })).toHaveValue('anthropic\nopenai')
})

test('limits are bars in their order, a full one stands out, and what was used is told', async ({ browser, watch }) => {
  const { page, url } = await as(KIM, browser, watch)
  const ask = (path: string, body: object) => fetch(url + path, { method: 'POST', body: JSON.stringify(body) })
  const { session } = (await (await ask('/api/sessions', { title: 'Counted' })).json()) as { session: { sessionId: string } }
  const prompt = () => ask(`/api/sessions/${session.sessionId}/prompt`, { text: 'One' })
  expect((await prompt()).status).toBe(202)
  await page.goto(`${url}/app/admin/usage`)
  const names = page.locator('[id^="quota-"]')
  await expect(names).toHaveText(['Prompts per hour', 'Workflow runs per hour', 'Gateway prompts per hour', 'Gateway deliveries per hour', 'Worker minutes per hour', 'Artifact bytes per day'])
  const prompts = page.getByRole('meter', { name: 'Prompts per hour', exact: true })
  await expect(prompts).toHaveAttribute('aria-valuetext', '1 of 2')
  await expect(page.getByText('1 left', { exact: true })).toBeVisible()
  await expect(page.getByRole('meter', { name: 'Artifact bytes per day' })).toHaveAttribute('aria-valuetext', '0 bytes, no limit')
  const events = page.getByRole('table', { name: 'Recent usage' }).getByRole('row')
  await expect(events.filter({ hasText: 'Session begun' })).toContainText('kim@acme.example')
  expect((await prompt()).status).toBe(202)
  expect((await prompt()).status, 'no more than that').toBe(429)
  await page.reload()
  await expect(prompts).toHaveAttribute('aria-valuenow', '100')
  await expect(page.getByText('0 left', { exact: true })).toBeVisible()
  await expect(events.filter({ has: page.getByText('Prompt', { exact: true }) })).toHaveCount(2)
})

test('people show the operator token, which stays in the tab', async ({ browser, watch }) => {
  watch.expect(NETWORK)
  const { page, url } = await as(MAX, browser, watch)
  await page.goto(`${url}/app/operator/cluster`)
  await page.getByLabel('Operator token').fill('guessed')
  await page.getByRole('button', { name: 'Open', exact: true }).click()
  await expect(page.getByText('does not take this token')).toBeVisible()
  await page.getByLabel('Operator token').fill(OPERATOR)
  await page.getByRole('button', { name: 'Open', exact: true }).click()
  await expect(page.getByRole('gridcell').first()).toBeVisible()
  await page.getByRole('link', { name: 'Actors' }).click()
  await expect(page.getByText('Actors in memory')).toBeVisible()
  expect(await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }) + document.cookie)).not.toContain(OPERATOR)
  await page.reload()
  await expect(page.getByLabel('Operator token')).toHaveValue('')
})
