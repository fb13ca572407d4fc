import { AxeBuilder } from '@axe-core/playwright'
import { expect, NETWORK, test } from './test'
import { examples, stops } from './views'

/** A map has hundreds of cells alike; its first row stands for all, or axe takes longer than all other tests. */
const ALIKE = '[role=grid] > [role=row]:not(:first-child)'

test.beforeAll(async ({ server }) => {
  await examples(server)
})

test('the page is useful within a second', async ({ page, server }) => {
  await page.goto(`${server.url}/`)
  await expect(page.getByRole('textbox', { name: 'Message' })).toBeVisible()
  const transferred = await page.evaluate(() => performance.getEntriesByType('resource').concat(performance.getEntriesByType('navigation')).reduce((sum, one) => sum + (one as PerformanceResourceTiming).encodedBodySize, 0))
  expect(transferred, 'bytes before the first prompt, answers of the API included').toBeLessThan(140 * 1024)
})

for (const stop of stops) {
  test(`${stop.name}: nothing serious for axe in either theme, and no overflow on a phone`, async ({ page, server }) => {
    await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' })
    await page.goto(server.url + (await stop.path(server)))
    await expect(page.getByText(stop.shows).filter({ visible: true }).first()).toBeVisible()
    await stop.then?.(page)
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      const found = await new AxeBuilder({ page }).exclude(ALIKE).analyze()
      const serious = found.violations.filter((one) => one.impact === 'serious' || one.impact === 'critical')
      expect(serious.map((one) => `${one.id}: ${one.nodes.map((node) => node.html.slice(0, 160)).join(' | ')}`)).toEqual([])
    }
    await page.setViewportSize({ width: 360, height: 740 })
    await expect(page.getByText(stop.shows).filter({ visible: true }).first()).toBeVisible()
    const overflow = await page.evaluate(() => [...document.querySelectorAll('body *')].filter((one) => {
      const box = one.getBoundingClientRect()
      if (box.width === 0 || box.right <= innerWidth + 1 || getComputedStyle(one).position === 'fixed') return false
      // Wide tables and code scroll within themselves.
      for (let up = one.parentElement; up; up = up.parentElement) if (/auto|scroll|hidden/.test(getComputedStyle(up).overflowX)) return false
      return true
    }).map((one) => one.outerHTML.slice(0, 120)))
    expect(overflow).toEqual([])
    expect(await page.evaluate(() => document.scrollingElement?.scrollWidth ?? 0)).toBeLessThanOrEqual(360)
    // A view scrolls down and never to the side.
    expect(await page.evaluate(() => [...document.querySelectorAll('main *')].filter((one) => getComputedStyle(one).overflowY === 'auto' && one.clientHeight > 300 && one.scrollWidth > one.clientWidth + 1).map((one) => one.className))).toEqual([])
  })
}

for (const [path, heading] of [['/app/nowhere', 'This page does not exist.'], ['/app/sessions/ses_nowhere', 'Nothing here']] as const) {
  test(`${path} has a heading, as every page`, async ({ page, server, watch }) => {
    watch.expect(NETWORK)
    await page.goto(server.url + path)
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(heading)
  })
}

test('the keyboard alone finds a session and moves between views', async ({ signedIn: page }) => {
  await expect(page.getByRole('textbox', { name: 'Message' })).toBeVisible()
  await page.keyboard.press('Control+k')
  await page.getByRole('combobox').fill('release notes')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { level: 1, name: 'Draft the release notes' })).toBeVisible()
  await page.keyboard.press('Escape')
  await page.keyboard.press('g')
  await page.keyboard.press('a')
  await expect(page.getByRole('heading', { level: 1, name: 'Approvals' })).toBeFocused()
  await page.keyboard.press('?')
  await expect(page.getByRole('dialog', { name: 'Keyboard shortcuts' })).toBeVisible()
})

test('whatever an administrator does is in sight at 800 pixels, and sections stay folded', async ({ page, server }) => {
  await page.setViewportSize({ width: 1280, height: 800 })
  await page.goto(`${server.url}/app/sessions`)
  const navigation = page.getByRole('navigation', { name: 'Main' })
  await expect(navigation.getByText('Draft the release notes')).toBeAttached()
  for (const name of ['Members', 'Audit log', 'Performance']) await expect(navigation.getByRole('link', { name, exact: true })).toBeInViewport({ ratio: 1 })
  await navigation.getByRole('button', { name: 'Operations' }).click()
  await page.reload()
  await expect(navigation.getByRole('button', { name: 'Operations' })).toHaveAttribute('aria-expanded', 'false')
  await expect(navigation.getByRole('link', { name: 'Performance' })).toHaveCount(0)
})

test('on a phone the details of a session take the place of its conversation', async ({ page, server }) => {
  await page.setViewportSize({ width: 390, height: 800 })
  await page.goto(`${server.url}/app/sessions/${(await examples(server)).chat}`)
  await expect(page.getByRole('cell', { name: '18 900' })).toBeInViewport()
  await page.getByRole('button', { name: 'Show details' }).click()
  const covers = () => page.getByRole('complementary', { name: 'Details' }).evaluate((details) => [150, 400, 700].every((y) => details.contains(document.elementFromPoint(200, y))))
  await expect.poll(covers).toBe(true)
  await page.getByRole('button', { name: 'Hide details' }).click()
  await page.getByRole('cell', { name: '18 900' }).click()
})

test('sessions are searched, filtered and remembered in the address', async ({ signedIn: page, server }) => {
  await page.goto(`${server.url}/app/sessions`)
  await page.getByRole('searchbox', { name: 'Search sessions' }).fill('handbook')
  await expect(page.getByRole('row')).toHaveCount(2)
  await expect(page).toHaveURL(/q=handbook/)
  await page.reload()
  await expect(page.getByRole('row')).toHaveCount(2)
  await page.getByRole('searchbox', { name: 'Search sessions' }).fill('no such thing')
  await expect(page.getByText('No session matches')).toBeVisible()
  await page.getByRole('button', { name: 'Clear the search' }).click()
  await page.getByRole('tab', { name: 'Failed' }).click()
  await expect(page.getByRole('link', { name: 'Fetch the exchange rates' }).last()).toBeVisible()
  await page.goto(`${server.url}/app/sessions?status=bogus`)
  await expect(page.getByRole('tab', { name: 'All' })).toHaveAttribute('aria-selected', 'true')
  await expect(page.getByRole('row').nth(1)).toBeVisible()
})

test('the document and its files are served as promised', async ({ request, server }) => {
  const document = await request.get(`${server.url}/app/sessions/anything`)
  expect(document.headers()['content-security-policy']).not.toContain('unsafe')
  expect(document.headers()['cache-control']).toBe('no-cache')
  const again = await request.get(`${server.url}/`, { headers: { 'if-none-match': document.headers().etag ?? '' } })
  expect(again.status()).toBe(304)
  const script = /src="(\/app\/assets\/[^"]+\.js)"/.exec(await document.text())?.[1] ?? ''
  const file = await request.get(server.url + script, { headers: { 'accept-encoding': 'br' } })
  expect(file.headers()).toMatchObject({ 'content-encoding': 'br', 'cache-control': expect.stringContaining('immutable'), 'content-type': expect.stringContaining('javascript') })
  expect((await request.head(server.url + script)).status()).toBe(200)
  expect((await request.get(`${server.url}/app/assets/none.js`)).status()).toBe(404)
})

test('a title turns the direction of nothing that comes after it', async ({ page, server }) => {
  const session = await server.session('Report \u202efdp.exe \u2067end')
  await page.goto(`${server.url}/app/sessions/${session}`)
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Report fdp.exe end')
  await expect(page).toHaveTitle(/^Report fdp\.exe end/)
  await expect(page.getByRole('navigation', { name: 'Main' }).getByText('Report fdp.exe end')).toBeVisible()
})
