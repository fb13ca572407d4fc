import { answered, expect, NETWORK, say, test } from './test'

test('a first prompt makes a session, and its answer appears word by word', async ({ signedIn: page }) => {
  await page.evaluate(() => {
    const seen: number[] = []
    Object.assign(globalThis, { seen })
    new MutationObserver(() => seen.push(document.querySelector('article[aria-label=Agent]')?.textContent?.length ?? 0)).observe(document.body, {
      subtree: true,
      childList: true,
      characterData: true,
    })
  })
  await say(page, '[[text:60]] [[slow:15]] Count for me')
  await expect(page).toHaveURL(/\/app\/sessions\/ses_/)
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Count for me')
  await expect(page.getByText('w60', { exact: false }).first()).toBeVisible()
  const lengths = await page.evaluate(() => (globalThis as unknown as { seen: number[] }).seen.filter((length) => length > 0))
  expect(new Set(lengths).size, 'many small steps').toBeGreaterThan(12)
  expect(lengths.every((length, index) => index === 0 || length >= (lengths[index - 1] ?? 0)), 'nothing is taken back').toBe(true)
  await expect(page.getByRole('navigation', { name: 'Main' }).getByText('Count for me')).toBeVisible()
  await page.reload()
  await expect(page.getByText('w60', { exact: false }).first()).toBeVisible()
})

test('markdown is drawn, and nothing in it runs', async ({ signedIn: page }) => {
  await say(page, 'Look\n\n<img src=x onerror=alert(1)> [bad](javascript:alert(1)) [good](https://example.org/)\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```js\nconst x = 1 // note\n```')
  const answer = page.getByRole('article', { name: 'Agent' })
  await expect(answer.getByRole('cell', { name: '2' })).toBeVisible()
  await expect(answer.getByText('<img src=x onerror=alert(1)>')).toBeVisible()
  await expect(answer.getByRole('link')).toHaveCount(1)
  await expect(answer.getByRole('link', { name: 'good' })).toHaveAttribute('rel', /noopener/)
  await expect(answer.locator('code .keyword')).toHaveText('const')
})

test('two browsers stay in step, and an approval in one is seen in the other', async ({ signedIn: first, browser, server, watch }) => {
  const session = await server.session('Shared work')
  const context = await browser.newContext()
  context.on('page', (page) => watch.follow(page))
  const second = await context.newPage()
  await first.goto(`${server.url}/app/sessions/${session}`)
  await second.goto(`${server.url}/app/approvals`)
  await expect(second.getByRole('heading', { name: /Nothing waits for you|Needs your consent/ }).first()).toBeVisible()
  await say(first, '[[write:notes.md|together]] Write it down')
  await expect(first.getByRole('heading', { name: 'Needs your consent' })).toBeVisible()
  const card = second.getByRole('listitem').filter({ hasText: 'Shared work' }).filter({ hasText: 'Needs your consent' })
  await card.getByRole('button', { name: 'Allow once' }).click()
  await expect(first.getByText('Allowed')).toBeVisible()
  await expect(answered(first, 'echo: Write it down')).toBeVisible()
  await expect(card).toHaveCount(0)
  await second.goto(`${server.url}/app/sessions/${session}`)
  await say(second, 'And this came from the other one')
  await expect(answered(first, 'echo: And this came from the other one')).toBeVisible()
  await context.close()
})

test('a question is answered, and a run that hangs is stopped', async ({ signedIn: page }) => {
  await say(page, '[[question:Which colour?|Red|Blue]] Paint it')
  await page.getByText('Blue', { exact: true }).click()
  await page.getByRole('button', { name: 'Answer' }).click()
  await expect(answered(page, 'answer: Blue')).toBeVisible()
  await say(page, '[[hang]] Wait for ever')
  await expect(page.getByText('Working').first()).toBeVisible()
  await page.getByRole('button', { name: 'Stop' }).click()
  await expect(page.getByText('Stopped by you')).toBeVisible()
  await say(page, '[[hang]] Wait once more')
  await expect(page.getByRole('button', { name: 'Stop' })).toBeVisible()
  await page.getByRole('heading', { level: 1 }).focus()
  await page.keyboard.press('Control+k')
  await expect(page.getByRole('combobox')).toBeFocused()
  await page.keyboard.press('Escape')
  await expect(page.getByRole('dialog')).toBeHidden()
  await expect(page.getByText('Stopped by you')).toHaveCount(1)
  await page.keyboard.press('Escape')
  await expect(page.getByText('Stopped by you')).toHaveCount(2)
})

for (const [status, advice] of [
  [401, 'An administrator can check it'],
  [429, 'Wait a moment'],
  [500, 'could not be reached'],
  [529, 'Wait a moment'],
] as const) {
  test(`an error of status ${status} explains itself, and says the same when one comes back`, async ({ signedIn: page }) => {
    await say(page, `[[err:${status}]] Too much`)
    const failure = page.getByRole('alert').filter({ hasText: 'The run failed' })
    await expect(failure).toContainText(advice)
    await page.reload()
    await expect(failure).toContainText(advice)
  })
}

test('a server that is killed while it answers comes back, and so does the answer', async ({ signedIn: page, server, watch }) => {
  watch.expect(NETWORK)
  await say(page, '[[text:150]] [[slow:40]] A long one')
  await expect(page.getByText('w12', { exact: false }).first()).toBeVisible()
  await server.kill()
  await expect(page.getByText('Reconnecting')).toBeVisible()
  await server.run()
  await expect(page.getByText('w150', { exact: false }).first()).toBeVisible({ timeout: 30_000 })
  await expect(page.getByText('Reconnecting')).toBeHidden()
  await expect(page.getByText('Another one took over and started')).toBeVisible()
  const words = await page.getByRole('article', { name: 'Agent' }).last().locator('.markdown').innerText()
  expect(words.split(/\s+/).filter((word) => word === 'w7'), 'each word once').toHaveLength(1)
})

test('without a network a message waits, a draft stays, and both come through', async ({ signedIn: page, context, server, watch }) => {
  watch.expect(NETWORK)
  const session = await server.session('Away')
  await page.goto(`${server.url}/app/sessions/${session}`)
  const field = page.getByRole('textbox', { name: 'Message' })
  await field.fill('not sent yet')
  await expect.poll(() => page.evaluate((id) => localStorage.getItem(`cowork.draft.${id}`), session)).toBe('not sent yet')
  await page.reload()
  await expect(field).toHaveValue('not sent yet')
  // The draft is there before the session is.
  await expect(field).toBeEnabled()
  await context.setOffline(true)
  await expect(page.getByText('You are offline')).toBeVisible()
  await field.press('Enter')
  await expect(page.getByText('Not sent.')).toBeVisible()
  await context.setOffline(false)
  await expect(page.getByText('You are offline')).toBeHidden()
  await page.getByRole('button', { name: 'Send again' }).click()
  await expect(answered(page, 'echo: not sent yet')).toBeVisible()
  expect(await page.getByText('not sent yet', { exact: true }).count(), 'once').toBe(1)
})

test('an agent is chosen and unchosen, and a message that is sent again goes to the one chosen first', async ({ page, server, watch }) => {
  watch.expect(NETWORK)
  const session = await server.session('Two agents')
  await page.route('**/api/config', async (route) => {
    const response = await route.fetch()
    await route.fulfill({ response, json: { ...(await response.json()), allowedAgents: ['build', 'plan'] } })
  })
  const asked: unknown[] = []
  await page.route('**/prompt', async (route) => {
    asked.push(route.request().postDataJSON())
    await (asked.length === 1 ? route.abort() : route.continue())
  })
  await page.goto(`${server.url}/app/sessions/${session}`)
  const agent = page.getByRole('combobox', { name: 'Agent' })
  await expect(agent.locator('option:checked')).toHaveText('Default agent')
  await agent.selectOption('plan')
  await say(page, 'Plan it')
  await expect(page.getByText('Not sent.')).toBeVisible()
  await agent.selectOption('Default agent')
  await page.getByRole('button', { name: 'Send again' }).click()
  await expect(page.getByText('Not sent.')).toBeHidden()
  await say(page, 'And on')
  await expect.poll(() => asked).toEqual([{ text: 'Plan it', agent: 'plan' }, { text: 'Plan it', agent: 'plan' }, { text: 'And on' }])
})

test('messages that wait for their turn are there after a reload, and once when it comes', async ({ page, server }) => {
  const session = await server.session('Busy')
  await page.goto(`${server.url}/app/sessions/${session}`)
  await say(page, '[[text:120]] [[slow:40]] First')
  await say(page, 'Second')
  await say(page, 'Third')
  const waiting = page.getByText('Waiting for its turn')
  await expect(waiting).toHaveCount(2)
  await page.reload()
  await expect(waiting).toHaveCount(2)
  await expect(page.getByRole('article', { name: 'You' })).toHaveText([/First/, /Second/, /Third/])
  await expect(answered(page, 'echo: Third')).toBeVisible()
  await expect(waiting).toHaveCount(0)
  await expect(page.getByRole('article', { name: 'You' })).toHaveText([/First/, /Second/, /Third/])
  expect(await page.evaluate(() => Object.keys(localStorage).filter((key) => key.includes('outgoing')))).toEqual([])
})

test('a message that could not be sent is there after a reload, and is sent once', async ({ page, server, watch }) => {
  watch.expect(NETWORK)
  const session = await server.session('Unsent')
  // The server takes it, and its answer is lost on the way.
  await page.route('**/prompt', async (route) => {
    await route.fetch()
    await route.abort()
  })
  await page.routeWebSocket(/\/api\/ws$/, () => {})
  await page.goto(`${server.url}/app/sessions/${session}`)
  await say(page, 'Once only')
  await expect(page.getByText('Not sent.')).toBeVisible()
  await page.reload()
  await expect(page.getByText('Not sent.')).toBeVisible()
  await page.unroute('**/prompt')
  await page.getByRole('button', { name: 'Send again' }).click()
  await expect(page.getByText('Not sent.')).toBeHidden()
  await expect(page.getByText('Waiting for its turn')).toBeHidden()
  await page.reload()
  await expect(page.getByText('Once only', { exact: true })).toHaveCount(1)
  await expect(page.getByText('Not sent.')).toBeHidden()
})

test('what an answer refers to at its end is linked when it has come, not only after a reload', async ({ signedIn: page }) => {
  const filler = Array.from({ length: 12 }, (_, index) => `Paragraph ${index}.`).join('\n\n')
  await say(page, `[[slow:30]] See [the manual][m] first.\n\n${filler}\n\n[m]: https://example.org/manual`)
  await expect(page.getByRole('article', { name: 'Agent' }).getByText('Paragraph 11.')).toBeVisible()
  await expect(page.getByRole('article', { name: 'Agent' }).getByRole('link', { name: 'the manual' })).toHaveAttribute('href', 'https://example.org/manual')
})

test('entities are drawn as what they name, except in code, and none makes a link that runs', async ({ signedIn: page }) => {
  await say(page, '&copy; 2 &times; 3 &mdash; &notit; &#x41;&#0; \\&lt; `&copy; <b>`\n\n[query](https://example.org/?a=1&amp;b=2) [bad](&#106;avascript&colon;alert(1))')
  const answer = page.getByRole('article', { name: 'Agent' })
  await expect(answer.locator('p').first()).toHaveText('echo: © 2 × 3 — &notit; A\ufffd &lt; &copy; <b>')
  await expect(answer.getByRole('link')).toHaveCount(1)
  await expect(answer.getByRole('link')).toHaveAttribute('href', 'https://example.org/?a=1&b=2')
})

test('a message that is too long stays whole and says so', async ({ signedIn: page }) => {
  const field = page.getByRole('textbox', { name: 'Message' })
  await field.fill('ä'.repeat(520_000))
  await expect(page.getByText(/^Too long by 39\.1 KB$/)).toBeVisible()
  await expect(page.getByRole('button', { name: 'Send' })).toBeDisabled()
  expect((await field.inputValue()).length).toBe(520_000)
  await field.fill('ä'.repeat(1000))
  await expect(page.getByText('Too long by')).toBeHidden()
  await expect(page.getByRole('button', { name: 'Send' })).toBeEnabled()
})

test('what went wrong on the way to an answer is told as past when it has come', async ({ signedIn: page }) => {
  await say(page, '[[text:80]] [[slow:30]] [[drop]] Hold on')
  await expect(page.getByText(/^the connection to the model provider broke off$/)).toBeVisible()
  await expect(page.getByText('w80', { exact: false }).first()).toBeVisible()
  await expect(page.getByText('Tried again: the connection to the model provider broke off')).toBeVisible()
})
