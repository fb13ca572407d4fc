import { expect, test } from './test'

test('text in a dialog is selected beyond its edge, and a click beside it closes it', async ({ page, server }) => {
  await page.goto(`${server.url}/app/admin/tokens`)
  await page.getByRole('button', { name: 'New token' }).click()
  const dialog = page.getByRole('dialog')
  const name = dialog.getByRole('textbox').first()
  await name.fill('Somebody’s laptop')
  const field = (await name.boundingBox())!
  await page.mouse.move(field.x + field.width - 20, field.y + field.height / 2)
  await page.mouse.down()
  await page.mouse.move(20, field.y, { steps: 5 })
  await page.mouse.up()
  await expect(dialog).toBeVisible()
  expect(await page.evaluate(() => getSelection()?.toString())).toBe('Somebody’s laptop')
  await page.mouse.click(20, field.y)
  await expect(dialog).toBeHidden()
})

test('a name without spaces leaves a dialog its buttons', async ({ page, server }) => {
  await server.post('/api/api-tokens', { name: 'n'.repeat(96), scopes: ['desktop'] })
  await page.goto(`${server.url}/app/admin/tokens`)
  await page.getByRole('button', { name: /^Revoke n/ }).click()
  const dialog = page.getByRole('dialog')
  for (const name of ['Close', 'Cancel', 'Revoke']) await expect(dialog.getByRole('button', { name, exact: true })).toBeInViewport({ ratio: 1 })
  expect(await dialog.evaluate((element) => [element, ...element.querySelectorAll('*')].filter((one) => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).display !== 'inline').map((one) => one.className))).toEqual([])
})
