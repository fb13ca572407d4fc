// Provider keys, from the dialog to the provider.

import { ModelProvider } from './model-provider'
import { Server } from './server'
import { answered, expect, NETWORK, say, test } from './test'

const WRONG = 'sk-house-mistyped-6666'
const FIRST = 'sk-house-canary-one-1111'
const SECOND = 'sk-house-canary-two-2222'

let provider: ModelProvider
let server: Server

test.beforeAll(async ({}, info) => {
  info.setTimeout(90_000)
  provider = await ModelProvider.start(FIRST, SECOND)
  server = await Server.start(provider.settings)
})
test.afterAll(async () => {
  await (server as Server | undefined)?.stop()
  provider.stop()
})

test('a key is checked, used, replaced and disabled, and what a provider refuses is said', async ({ page, watch }) => {
  watch.expect(NETWORK)
  await page.goto(`${server.url}/app/admin/keys`)
  await expect(page.getByText('No provider keys')).toBeVisible()
  const card = page.getByRole('list', { name: 'Provider keys' }).getByRole('listitem')
  const dialog = page.getByRole('dialog')
  const save = async (key: string) => {
    await dialog.getByLabel('Key', { exact: true }).fill(key)
    await dialog.getByRole('button', { name: 'Save key' }).click()
  }

  await page.getByRole('button', { name: 'Add key' }).click()
  await expect(dialog.getByLabel('Key', { exact: true })).toHaveAttribute('type', 'password')
  await dialog.getByRole('combobox', { name: 'Provider' }).fill('House ')
  await save(WRONG)
  await expect(card).toContainText('Refused by the provider')
  await expect(card).toContainText('…6666')

  // Somebody vouches for it: the provider takes it from now on, but was not asked.
  await card.getByRole('button', { name: 'Use without check' }).click()
  await dialog.getByRole('button', { name: 'Use without check' }).click()
  await expect(dialog.getByLabel('Reason'), 'a reason is needed').toBeFocused()
  await dialog.getByLabel('Reason').fill('The gateway is not up yet')
  await dialog.getByRole('button', { name: 'Use without check' }).click()
  await expect(card).toContainText('In use')
  await expect(card).toContainText('by override')
  await expect(card).toContainText('The gateway is not up yet')

  await card.getByRole('button', { name: 'Replace' }).click()
  await expect(dialog).toContainText('stays in use until the new one has passed')
  await save(FIRST)
  await expect(card).toContainText('accepted by the provider')
  await expect(card).toContainText('…1111')

  await page.getByRole('link', { name: 'New session', exact: true }).click()
  await say(page, 'Is the key good?')
  await expect(answered(page, 'The house heard: Is the key good?')).toBeVisible()
  expect(provider.seen.at(-1)).toEqual({ path: '/v1/chat/completions', key: FIRST })

  // A key that is refused takes nothing away.
  await page.getByRole('link', { name: 'Provider keys' }).click()
  await card.getByRole('button', { name: 'Replace' }).click()
  await save('sk-house-mistyped-7777')
  await expect(card).toContainText('Refused by the provider')
  await expect(card).toContainText('The earlier key …1111 stays in use')
  await page.reload()
  await expect(card).toContainText('The earlier key …1111 stays in use')

  await card.getByRole('button', { name: 'Disable' }).click()
  await dialog.getByRole('button', { name: 'Disable' }).click()
  await expect(card).toContainText('Disabled')
  await expect(card).not.toContainText('stays in use')
  await expect(card.getByRole('button')).toHaveText(['Replace'])
})
