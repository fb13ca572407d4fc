// Pictures of every view in both themes, into docs/screenshots. `cargo xtask screenshots` starts this.

import { mkdirSync } from 'node:fs'
import { expect, test } from './test'
import { examples, stops } from './views'

const FOLDER = new URL('../../docs/screenshots/', import.meta.url).pathname

test.use({ viewport: { width: 1280, height: 800 }, deviceScaleFactor: 1 })

test('pictures', async ({ page, server, watch }) => {
  test.setTimeout(180_000)
  watch.expect(/.*/)
  mkdirSync(FOLDER, { recursive: true })
  await examples(server)
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    for (const stop of stops) {
      await page.setViewportSize({ width: 1280, height: 800 })
      await page.goto(server.url + (await stop.path(server)))
      await expect(page.getByText(stop.shows).first()).toBeVisible()
      await stop.then?.(page)
      await page.evaluate(() => document.fonts.ready)
      await page.screenshot({ path: `${FOLDER}${stop.name}-${colorScheme}.png` })
      if (colorScheme === 'light' && ['home', 'chat', 'approvals'].includes(stop.name)) {
        await page.setViewportSize({ width: 390, height: 800 })
        await page.screenshot({ path: `${FOLDER}${stop.name}-phone.png` })
      }
    }
  }
})
