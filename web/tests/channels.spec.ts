// A chat is connected in the page, and a gateway carries its messages.

import type { Browser, Page } from '@playwright/test'
import { Gateway } from './gateway'
import { IdentityProxy, SECRET, type Person } from './identity-proxy'
import { Server } from './server'
import { answered, expect, NETWORK, say, test, type Watch } from './test'

const KIM: Person = { user: 'kim', email: 'kim@acme.example', role: 'owner' }
const ADA: Person = { user: 'ada', email: 'ada@acme.example', role: 'member' }
const OPERATOR = 'qN7vT2xLw9RkYb4HsZc6FgPu8Ea1Dm3J'

let server: Server
let owner: IdentityProxy
let member: IdentityProxy

test.beforeAll(async ({}, info) => {
  info.setTimeout(90_000)
  server = await Server.start({ AUTH_MODE: 'header', HEADER_AUTH_SECRET: SECRET, COOKIE_SECRET: 'vJ4q0ZrT8mXw1LkYb6HsNc9FgPu3Ea5D', COOKIE_SECURE: 'false', SIGNUP_MODE: 'open', OPERATOR_TOKEN: OPERATOR })
  owner = await IdentityProxy.start(server.port, KIM)
  member = await IdentityProxy.start(server.port, ADA)
})
test.afterAll(async () => {
  for (const proxy of [owner, member] as (IdentityProxy | undefined)[]) proxy?.stop()
  await (server as Server | undefined)?.stop()
})

async function open(browser: Browser, watch: Watch, url: string): Promise<Page> {
  const context = await browser.newContext()
  context.on('page', (page) => watch.follow(page))
  const page = await context.newPage()
  await page.goto(url)
  return page
}

async function connect(page: Page, name: string, settings?: string): Promise<void> {
  await page.goto(`${owner.url}/app/admin/channels`)
  await page.getByRole('button', { name: 'Connect a chat' }).first().click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name', { exact: true }).fill(name)
  await dialog.getByLabel('Chat system').selectOption({ label: 'Webhook' })
  await dialog.getByLabel('Answered by').selectOption({ label: 'A new agent' })
  await dialog.getByLabel('Name of the agent').fill(`Agent of ${name}`)
  await dialog.getByLabel('Where the credential is').fill('env:CHAT_TOKEN')
  if (settings) {
    await dialog.getByText('More', { exact: true }).click()
    await dialog.getByLabel('Settings').fill('no JSON')
    await dialog.getByRole('button', { name: 'Connect' }).click()
    await expect(dialog.getByText('This is no JSON object')).toBeVisible()
    await dialog.getByLabel('Settings').fill(settings)
  }
  await dialog.getByRole('button', { name: 'Connect' }).click()
  await expect(page.getByRole('row').filter({ hasText: name })).toContainText('Served')
}

/** A gateway with the token that the page shows once. */
async function gateway(page: Page, name: string): Promise<Gateway> {
  await page.getByRole('button', { name: `Issue a token for ${name}` }).click()
  await page.getByRole('button', { name: 'Issue token', exact: true }).last().click()
  const token = await page.getByLabel('Token', { exact: true }).inputValue()
  const binding = await page.getByRole('dialog').locator('dd').last().innerText()
  await page.getByRole('button', { name: 'Done' }).click()
  expect(await page.content(), 'gone from the page').not.toContain(token)
  return new Gateway(server.url, token, binding)
}

/** Who answers in its chat. */
async function agentOf(chat: Gateway): Promise<string> {
  const { bindings } = (await (await fetch(`${owner.url}/api/channels/bindings`)).json()) as { bindings: { bindingId: string; agentId: string }[] }
  return bindings.find((one) => one.bindingId === chat.binding)?.agentId ?? ''
}

test('a chat is connected, its gateway gets a token, and whoever writes is let in', async ({ browser, watch }) => {
  const page = await open(browser, watch, `${owner.url}/app/admin/channels`)
  await expect(page.getByText('No chat is connected')).toBeVisible()
  await connect(page, 'Support', '{"botName": "helper", "botToken": "a-secret-of-the-chat"}')
  const row = page.getByRole('row').filter({ hasText: 'Support' })
  await expect(row).toContainText('No token')
  const chat = await gateway(page, 'Support')
  await expect(row).toContainText('1 token')

  // Secrets in the settings are not shown, and not sent back redacted.
  await page.getByRole('button', { name: 'Manage Support' }).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog.getByRole('region', { name: 'Settings' })).toContainText('helper')
  await expect(dialog.getByRole('region', { name: 'Settings' })).toContainText('[redacted]')
  await expect(dialog).toContainText('in the gateway’s environment')
  await dialog.getByLabel('Replace the settings').first().check()
  await expect(dialog.getByRole('textbox', { name: 'Replace the settings' })).toHaveValue('')
  await page.keyboard.press('Escape')

  // A stranger reaches nobody, and shows up.
  await chat.meet('u-7', 'Noa')
  expect((await chat.ask('POST', 'sessions/bind', { channelBindingId: chat.binding, provider: 'webhook', externalChatId: 'chat-1', externalThreadId: 't-1', externalUserId: 'u-7' })).status).toBe(403)
  await page.reload()
  await page.getByRole('tab', { name: /^People/ }).click()
  await expect(page.getByText('1 person waits to be let in')).toBeVisible()
  await page.getByRole('button', { name: 'Let in Noa' }).click()
  await dialog.getByLabel('Role').selectOption({ label: 'Member' })
  await dialog.getByRole('button', { name: 'Let in' }).click()
  await expect(page.getByRole('row').filter({ hasText: 'Noa' })).toContainText('Active')
  const thread = await chat.bind('u-7', 't-1', 'Hello from the chat')
  await chat.receive(thread, 'u-7', 'm-1', 'Are you there?')
  expect(await chat.show(thread)).toEqual(['echo: Are you there?'])

  // Paused, it is cut off; served again, it goes on where it was.
  await page.getByRole('tab', { name: /^Chats/ }).click()
  await page.getByRole('button', { name: 'Manage Support' }).click()
  await dialog.getByRole('button', { name: 'Pause' }).click()
  await page.getByRole('dialog', { name: 'Pause Support?' }).getByRole('button', { name: 'Pause' }).click()
  await expect(row).toContainText('Paused')
  expect((await chat.ask('GET', `sessions/${thread.binding}/snapshot`)).status).toBe(403)
  await page.getByRole('button', { name: 'Manage Support' }).click()
  await dialog.getByRole('button', { name: 'Serve again' }).click()
  await expect(row).toContainText('Served')
  await chat.receive(thread, 'u-7', 'm-2', 'And now?')
  expect(await chat.show(thread)).toEqual(['echo: And now?'])
})

test('R-PROM-03: the same thread continues through a gateway, and sends updates to its chat', async ({ browser, watch }) => {
  const page = await open(browser, watch, owner.url)
  await connect(page, 'Team room')
  const chat = await gateway(page, 'Team room')
  await chat.meet('u-3', 'Kim in the chat')
  await page.goto(`${owner.url}/app/admin/channels?show=people`)
  await page.getByRole('button', { name: 'Let in Kim in the chat' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Let in' }).click()
  await expect(page.getByRole('row').filter({ hasText: 'Kim in the chat' })).toContainText('Active')

  await page.goto(owner.url)
  await say(page, 'Begun in the browser')
  await expect(answered(page, 'echo: Begun in the browser')).toBeVisible()
  const session = page.url().split('/').at(-1) ?? ''
  const thread = await chat.bind('u-3', 't-3', 'Begun in the browser', session)
  expect(thread.session).toBe(session)
  expect(await chat.show(thread), 'what was there before').toEqual(['echo: Begun in the browser'])

  // The chat system sends it twice; it is one prompt.
  for (let times = 0; times < 2; times += 1) await chat.receive(thread, 'u-3', 'm-3', 'Continued in the chat')
  expect(await chat.show(thread)).toEqual(['echo: Continued in the chat'])
  await expect(answered(page, 'echo: Continued in the chat')).toBeVisible()
  await expect(page.getByText('Continued in the chat', { exact: true })).toHaveCount(1)
  await say(page, 'And on in the browser')
  expect(await chat.show(thread)).toEqual(['echo: And on in the browser'])
  await expect(answered(page, 'echo: And on in the browser')).toBeVisible()

  // An update that nobody in the chat asked for.
  const about = { channelBindingId: chat.binding, provider: 'webhook' }
  await chat.post('deliveries', { ...about, agentId: await agentOf(chat), sessionBindingId: thread.binding, eventType: 'report.ready', target: { externalChatId: 'chat-1', externalThreadId: 't-3' }, payload: { text: 'The report is ready' }, deliveryId: 'update-1' })
  const update = await chat.delivery()
  expect(update.payload).toEqual({ text: 'The report is ready' })
  await chat.post('deliveries/update-1/ack', { channelBindingId: chat.binding, claimToken: update.claimToken, status: 'sent' })
  await page.goto(`${owner.url}/app/admin/channels?show=deliveries&binding=${chat.binding}`)
  await expect(page.getByRole('row').filter({ hasText: 'report.ready' })).toContainText('Sent')
})

test('an agent is renamed and switched off, and begins no new thread', async ({ browser, watch }) => {
  const page = await open(browser, watch, owner.url)
  await connect(page, 'Sales')
  const chat = await gateway(page, 'Sales')
  await page.getByRole('tab', { name: /^Agents/ }).click()
  await page.getByRole('button', { name: 'Manage agent Agent of Sales' }).click()
  await page.getByLabel('Name', { exact: true }).fill('Sally')
  await page.getByRole('button', { name: 'Save changes' }).click()
  await page.getByRole('button', { name: 'Manage agent Sally' }).click()
  await page.getByRole('button', { name: 'Switch off' }).click()
  await expect(page.getByRole('row').filter({ hasText: 'Sally' })).toContainText('Switched off')
  await page.getByRole('tab', { name: /^People/ }).click()
  await page.getByRole('button', { name: 'Add a person' }).click()
  await page.getByLabel('Id in the chat system').fill('u-8')
  await page.getByRole('dialog').getByRole('button', { name: 'Add a person' }).click()
  await expect(page.getByRole('row').filter({ hasText: 'u-8' })).toContainText('Member')
  const refused = await chat.ask('POST', 'sessions/bind', { channelBindingId: chat.binding, provider: 'webhook', externalChatId: 'chat-2', externalThreadId: 't-1', externalUserId: 'u-8' })
  expect(refused).toMatchObject({ status: 403, body: { error: 'Headless agent is not active.' } })
})

test('a delivery that was given up is seen by operators, looked at, and sent again', async ({ browser, watch }) => {
  watch.expect(NETWORK)
  const page = await open(browser, watch, owner.url)
  await connect(page, 'Notices')
  const chat = await gateway(page, 'Notices')
  await chat.post('deliveries', { agentId: await agentOf(chat), channelBindingId: chat.binding, provider: 'webhook', eventType: 'report.ready', target: { externalChatId: 'room-9' }, payload: { text: 'The report is ready' }, deliveryId: 'd-1' })
  const claimed = await chat.delivery()
  await chat.post('deliveries/d-1/ack', { channelBindingId: chat.binding, claimToken: claimed.claimToken, status: 'dead', lastError: 'the room is gone' })

  await page.goto(`${owner.url}/app/operator/performance`)
  await page.getByLabel('Operator token').fill(OPERATOR)
  await page.getByRole('button', { name: 'Open', exact: true }).click()
  const backlog = page.getByRole('table', { name: 'Deliveries' }).getByRole('row').filter({ hasText: 'Notices' })
  await expect(backlog.getByRole('cell').nth(4)).toHaveText('1', { useInnerText: true })
  await backlog.getByRole('link', { name: 'Show the deliveries of Notices' }).click()
  await page.getByRole('button', { name: 'Show delivery d-1' }).click()
  const dialog = page.getByRole('dialog', { name: 'report.ready' })
  await expect(dialog).toContainText('the room is gone')
  await expect(dialog).toContainText('The report is ready')
  await dialog.getByRole('button', { name: 'Send again' }).click()
  await expect(page.getByText('The delivery is due now')).toBeVisible()
  const again = await chat.delivery()
  expect(again).toMatchObject({ deliveryId: 'd-1', payload: { text: 'The report is ready' } })
  await chat.post('deliveries/d-1/ack', { channelBindingId: chat.binding, claimToken: again.claimToken, status: 'sent' })
  await expect(page.getByRole('row').filter({ hasText: 'report.ready' })).toContainText('Sent')
})

test('what waits for a chat is given up at once, and its history tells of it', async ({ browser, watch }) => {
  const page = await open(browser, watch, owner.url)
  await connect(page, 'Leaked')
  const chat = await gateway(page, 'Leaked')
  const about = { agentId: await agentOf(chat), channelBindingId: chat.binding, provider: 'webhook', eventType: 'report.ready', target: { externalChatId: 'room-3' } }
  for (const deliveryId of ['w-1', 'w-2', 'w-3']) await chat.post('deliveries', { ...about, deliveryId, payload: { text: deliveryId } })
  const first = await chat.delivery()
  await chat.post(`deliveries/${first.deliveryId}/ack`, { channelBindingId: chat.binding, claimToken: first.claimToken, status: 'sent' })

  await page.goto(`${owner.url}/app/admin/channels?show=deliveries&binding=${chat.binding}`)
  await page.getByRole('button', { name: 'Give up what waits' }).click()
  await page.getByRole('dialog', { name: 'Give up what waits for Leaked?' }).getByRole('button', { name: 'Give up what waits' }).click()
  await expect(page.getByText('2 deliveries are given up.')).toBeVisible()
  const rows = page.getByRole('row').filter({ hasText: 'report.ready' })
  await expect(rows.filter({ hasText: 'Given up' })).toHaveCount(2)
  await expect(rows.filter({ hasText: 'Sent' })).toHaveCount(1)

  await page.getByRole('tab', { name: /^Chats/ }).click()
  await page.getByRole('button', { name: 'Manage Leaked' }).click()
  await page.getByRole('link', { name: 'What happened here' }).click()
  const log = page.getByRole('list', { name: 'Audit log' })
  await expect(log.getByText('channel_delivery.dead_lettered')).toHaveCount(2)
  await expect(log.getByText('channel_binding.created')).toHaveCount(1)
  await expect(page.getByRole('textbox', { name: 'Chat' })).toHaveValue(chat.binding)
  await page.getByRole('button', { name: 'Clear filters' }).click()
  await expect(page.getByRole('textbox', { name: 'Chat' })).toBeHidden()
})

test('a member has nothing to do with channels', async ({ browser, watch }) => {
  watch.expect(NETWORK)
  const page = await open(browser, watch, `${member.url}/app/admin/channels`)
  await expect(page.getByText('Not for your role')).toBeVisible()
  await expect(page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Channels' })).toHaveCount(0)
})
