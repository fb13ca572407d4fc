// Pictures of every view in both themes, into docs/screenshots. `cargo xtask screenshots` starts this.

import { mkdirSync, writeFileSync } from 'node:fs'
import type { Page } from '@playwright/test'
import { expect, test } from './test'
import { examples, stops } from './views'

const FOLDER = new URL('../../docs/screenshots/', import.meta.url).pathname

/** A third of the size of a PNG; the browser itself makes it. */
async function take(page: Page, camera: Page, name: string): Promise<void> {
  const png = (await page.screenshot({ path: `test-results/screenshots/${name}.png`, animations: 'disabled' })).toString('base64')
  const webp = await camera.evaluate(async (data) => {
    const picture = new Image()
    picture.src = `data:image/png;base64,${data}`
    await picture.decode()
    const canvas = document.createElement('canvas')
    canvas.width = picture.width
    canvas.height = picture.height
    canvas.getContext('2d')?.drawImage(picture, 0, 0)
    return canvas.toDataURL('image/webp', 0.82)
  }, png)
  writeFileSync(`${FOLDER}${name}.webp`, Buffer.from(webp.slice(webp.indexOf(',') + 1), 'base64'))
}

test.use({ viewport: { width: 1280, height: 800 }, deviceScaleFactor: 1 })

test('pictures', async ({ page, context, server }) => {
  test.setTimeout(240_000)
  mkdirSync(FOLDER, { recursive: true })
  const camera = await context.newPage()
  await examples(server)
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    for (const stop of stops) {
      await page.setViewportSize({ width: 1280, height: 800 })
      await page.goto(server.url + (await stop.path(server)))
      await expect(page.getByText(stop.shows).filter({ visible: true }).first()).toBeVisible()
      await page.getByRole('link', { name: /^Approvals/ }).getByText('2').waitFor()
      await stop.then?.(page)
      await page.evaluate(() => document.fonts.ready)
      await take(page, camera, `${stop.name}-${colorScheme}`)
      if (colorScheme === 'light' && ['home', 'chat', 'approvals'].includes(stop.name)) {
        await page.setViewportSize({ width: 390, height: 800 })
        await take(page, camera, `${stop.name}-phone`)
      }
      await page.evaluate(() => localStorage.clear())
    }
  }
})
