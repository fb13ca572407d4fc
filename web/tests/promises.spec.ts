// What the product promises, as far as a page takes part: a thread, its files and its requests belong to the person, not to the
// surface. The other surface is a desktop here: a program with a token of its own.

import { createHash, randomBytes } from 'node:crypto'
import type { Browser, Page } from '@playwright/test'
import { IdentityProxy, SECRET, type Person } from './identity-proxy'
import { ModelProvider } from './model-provider'
import { Server } from './server'
import { answered, expect, NETWORK, say, test, type Watch } from './test'

const KIM: Person = { user: 'kim', email: 'kim@acme.example', role: 'owner' }
const CANARY = 'sk-house-canary-7f3Kq9ZpXw2Lr8Vt-9876'

let provider: ModelProvider
let server: Server
let proxy: IdentityProxy

test.beforeAll(async ({}, info) => {
  info.setTimeout(90_000)
  provider = await ModelProvider.start(CANARY)
  server = await Server.start({ AUTH_MODE: 'header', HEADER_AUTH_SECRET: SECRET, COOKIE_SECRET: 'vJ4q0ZrT8mXw1LkYb6HsNc9FgPu3Ea5D', COOKIE_SECURE: 'false', SIGNUP_MODE: 'open', ...provider.settings })
  proxy = await IdentityProxy.start(server.port, KIM)
})
test.afterAll(async () => {
  proxy.stop()
  await (server as Server | undefined)?.stop()
  provider.stop()
})

/** The page of the person, in a browser of their own. */
async function atThePage(browser: Browser, watch: Watch, path = '/'): Promise<Page> {
  const context = await browser.newContext({ acceptDownloads: true })
  context.on('page', (page) => watch.follow(page))
  const page = await context.newPage()
  await page.goto(proxy.url + path)
  return page
}

/** A program on the person's desktop. */
class Desktop {
  constructor(readonly token: string) {}

  async ask(method: string, path: string, body?: unknown): Promise<{ status: number; body: any }> {
    const answer = await fetch(server.url + path, { method, headers: { authorization: `Bearer ${this.token}` }, body: body === undefined ? undefined : JSON.stringify(body) })
    return { status: answer.status, body: await answer.json() }
  }

  stream(path: string): Promise<Response> {
    return fetch(server.url + path, { headers: { authorization: `Bearer ${this.token}` } })
  }
}

/** Connects a desktop the way people do: with a token from the page. */
async function connect(page: Page, name: string): Promise<Desktop> {
  await page.goto(`${proxy.url}/app/admin/tokens`)
  await page.getByRole('button', { name: 'New token' }).click()
  await page.getByLabel('Name').fill(name)
  await page.getByRole('button', { name: 'Issue token' }).click()
  const token = await page.getByLabel('Token', { exact: true }).inputValue()
  await page.getByRole('button', { name: 'Done' }).click()
  return new Desktop(token)
}

const idOf = (page: Page) => page.url().split('/').at(-1) ?? ''

test('a thread is created in Cloud Web, and continues from a desktop with the same events', async ({ browser, watch }) => {
  const page = await atThePage(browser, watch)
  const desktop = await connect(page, 'Laptop')
  await page.goto(proxy.url)
  await say(page, 'Begun in the browser')
  await expect(answered(page, 'echo: Begun in the browser')).toBeVisible()
  const thread = idOf(page)
  const { sessions } = (await desktop.ask('GET', '/api/sessions')).body
  expect(sessions.map((session: { sessionId: string }) => session.sessionId)).toContain(thread)
  const before = (await desktop.ask('GET', `/api/sessions/${thread}`)).body.projection
  expect(before.view.messages.map((message: { content: string }) => message.content)).toContain('Begun in the browser')

  const frames: { sequence: number; type: string }[] = []
  page.on('websocket', (socket) =>
    socket.on('framereceived', ({ payload }) => {
      const message = JSON.parse(String(payload)) as { topic?: string; event?: { sequence: number; type: string } }
      if (message.topic === `session:${thread}` && message.event) frames.push({ sequence: message.event.sequence, type: message.event.type })
    }),
  )
  await page.reload()
  await expect(answered(page, 'echo: Begun in the browser')).toBeVisible()
  expect((await desktop.ask('POST', `/api/sessions/${thread}/prompt`, { text: 'Continued on the desktop' })).status).toBe(202)
  await expect(answered(page, 'echo: Continued on the desktop')).toBeVisible()
  await expect.poll(() => frames.at(-1)?.type).toBe('session.idle')
  const stream = await desktop.stream(`/api/sessions/${thread}/events?after=${before.sequence}`)
  const seen: typeof frames = []
  let text = ''
  for await (const part of stream.body!.pipeThrough(new TextDecoderStream())) {
    text += part
    seen.length = 0
    for (const line of text.split('\n')) if (line.startsWith('data: {') && line.endsWith('}')) seen.push((({ sequence, type }) => ({ sequence, type }))(JSON.parse(line.slice(6))))
    if (seen.length >= frames.length) break
  }
  expect(seen, 'both see the same, in the same order').toEqual(frames)
})

test('a provider key that was submitted shows its status and nothing of itself', async ({ browser, watch }) => {
  const page = await atThePage(browser, watch, '/app/admin/keys')
  // Everything that reaches the browser from here on.
  let arrived = ''
  page.on('response', async (response) => (arrived += await response.text().catch(() => '')))
  page.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => (arrived += String(payload))))
  await page.getByRole('button', { name: 'Add key' }).click()
  await page.getByRole('combobox', { name: 'Provider' }).fill('house')
  await page.getByLabel('Key', { exact: true }).fill(CANARY)
  await page.getByRole('button', { name: 'Save key' }).click()
  const card = page.getByRole('list', { name: 'Provider keys' }).getByRole('listitem')
  await expect(card).toContainText('accepted by the provider')
  await expect(card).toContainText('…9876')
  await card.getByRole('button', { name: 'Replace' }).click()
  await expect(page.getByLabel('Key', { exact: true })).toHaveValue('')
  await page.keyboard.press('Escape')
  // It is used, too: the provider hears it, and the page only the answer.
  await page.goto(proxy.url)
  await say(page, 'Do you work?')
  await expect(answered(page, 'The house heard: Do you work?')).toBeVisible()
  expect(provider.seen.at(-1)?.key).toBe(CANARY)
  for (const path of ['/app/admin/keys', '/app/admin/audit']) {
    await page.goto(proxy.url + path)
    await expect(page.getByText(path.endsWith('keys') ? '…9876' : 'byok_secret.created').first()).toBeVisible()
    arrived += await page.content()
  }
  arrived += await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }) + document.cookie)
  for (const path of ['/api/byok', '/api/byok/house', '/api/admin/audit', '/api/sessions']) arrived += await (await fetch(proxy.url + path)).text()
  expect(arrived).toContain('9876')
  for (let at = 0; at + 8 <= CANARY.length - 4; at += 1) expect(arrived, 'eight characters of the key').not.toContain(CANARY.slice(at, at + 8))
})

test('a consent that is asked for on one surface is given on another, once', async ({ browser, watch }) => {
  const page = await atThePage(browser, watch)
  const desktop = await connect(page, 'Desk')
  const { session } = (await desktop.ask('POST', '/api/sessions', { title: 'Begun at the desk' })).body
  await desktop.ask('POST', `/api/sessions/${session.sessionId}/prompt`, { text: '[[write:plan.md|one]] Write the plan', model: 'demo/demo' })
  await page.goto(`${proxy.url}/app/approvals`)
  const card = page.getByRole('listitem').filter({ hasText: 'Begun at the desk' }).filter({ hasText: 'Needs your consent' })
  await card.getByRole('button', { name: 'Allow once' }).click()
  await expect(card).toHaveCount(0)
  const view = async () => (await desktop.ask('GET', `/api/sessions/${session.sessionId}`)).body.projection.view
  await expect.poll(async () => (await view()).messages.at(-1)?.content).toContain('echo: Write the plan')
  const { resolvedApprovals } = await view()
  expect(resolvedApprovals).toHaveLength(1)
  await desktop.ask('POST', `/api/sessions/${session.sessionId}/permission-respond`, { permissionId: resolvedApprovals[0].id, response: { allowed: false } })
  expect((await view()).resolvedApprovals, 'a second answer changes nothing').toEqual(resolvedApprovals)

  // And the other way round: asked for in the browser, answered at the desk.
  await page.goto(`${proxy.url}/app/sessions/${session.sessionId}`)
  await desktop.ask('POST', `/api/sessions/${session.sessionId}/prompt`, { text: '[[question:Which colour?|Red|Blue]] Paint', model: 'demo/demo' })
  await expect(page.getByText('Which colour?', { exact: true })).toBeVisible()
  await expect.poll(async () => (await view()).pendingQuestions.length).toBe(1)
  await desktop.ask('POST', `/api/sessions/${session.sessionId}/question-reply`, { requestId: (await view()).pendingQuestions[0].id, answers: [['Blue']] })
  await expect(answered(page, 'answer: Blue')).toBeVisible()
})

test('a file that is added on one surface is fetched from another, byte for byte', async ({ browser, watch }) => {
  const page = await atThePage(browser, watch)
  const desktop = await connect(page, 'Studio')
  const { session } = (await desktop.ask('POST', '/api/sessions', { title: 'Files of both' })).body
  const bytes = randomBytes(300_001)
  await page.goto(`${proxy.url}/app/artifacts?session=${session.sessionId}`)
  await page.getByLabel('Add files').setInputFiles({ name: 'from-the-page.bin', mimeType: 'application/octet-stream', buffer: bytes })
  await expect(page.getByRole('button', { name: 'from-the-page.bin', exact: true })).toBeVisible()
  const { artifacts } = (await desktop.ask('GET', `/api/sessions/${session.sessionId}/artifacts`)).body
  const { artifact } = (await desktop.ask('GET', `/api/sessions/${session.sessionId}/artifacts/${artifacts[0].artifactId}`)).body
  const digest = (content: Buffer) => createHash('sha256').update(content).digest('hex')
  expect(digest(Buffer.from(artifact.dataBase64, 'base64'))).toBe(digest(bytes))

  await desktop.ask('POST', `/api/sessions/${session.sessionId}/artifacts`, { filename: 'from-the-desk.bin', contentType: 'application/octet-stream', dataBase64: bytes.toString('base64') })
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download: from-the-desk.bin' }).click()])
  expect(digest(Buffer.concat(await (await download.createReadStream()).toArray()))).toBe(digest(bytes))
})

test('a token that is revoked on the page ends what is open with it, and the next request', async ({ browser, watch }) => {
  watch.expect(NETWORK)
  const page = await atThePage(browser, watch)
  const desktop = await connect(page, 'Lost laptop')
  expect((await desktop.ask('GET', '/api/sessions')).status).toBe(200)
  const open = await desktop.stream('/api/events')
  expect(open.status).toBe(200)
  const ended = (async () => {
    const reader = open.body!.getReader()
    try {
      while (!(await reader.read()).done);
    } catch {
      // Cut off rather than closed: as good.
    }
    return true
  })()
  await page.getByRole('button', { name: 'Revoke Lost laptop' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
  await expect(page.getByRole('button', { name: 'Revoke Lost laptop' })).toHaveCount(0)
  const refused = await desktop.ask('GET', '/api/sessions')
  expect([refused.status, refused.body.code]).toEqual([401, 'auth.token_revoked'])
  expect(await ended).toBe(true)
  expect((await desktop.stream('/api/events')).status, 'and it cannot be opened again').toBe(401)
})
