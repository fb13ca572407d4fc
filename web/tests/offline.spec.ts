// The cloud is away. What was read stays, and what runs on one's own machine does not notice.

import { Server } from './server'
import { answered, expect, NETWORK, say, test } from './test'

test('R-PROM-08: a local workspace stays usable while the cloud is offline, and the cloud’s can be read', async ({ browser, server: local, watch }) => {
  test.setTimeout(90_000)
  watch.expect(NETWORK)
  const cloud = await Server.start()
  try {
    // Each in a window of its own: a page that nobody looks at is slowed down by the browser.
    const [away, here] = [await browser.newPage(), await browser.newPage()]
    for (const page of [away, here]) watch.follow(page)
    await away.goto(cloud.url)
    await say(away, 'Kept in the cloud')
    await expect(answered(away, 'echo: Kept in the cloud')).toBeVisible()
    const navigation = away.getByRole('navigation', { name: 'Main' })
    await navigation.getByRole('link', { name: 'New session', exact: true }).click()
    await say(away, 'Also in the cloud')
    await expect(answered(away, 'echo: Also in the cloud')).toBeVisible()
    await cloud.session('Made elsewhere')
    await expect(navigation.getByText('Made elsewhere')).toBeVisible()
    await here.goto(local.url)
    await cloud.kill()

    // The cloud's: everything that was there can be read, and nothing is lost that is written.
    await expect(away.getByText('Reconnecting')).toBeVisible()
    await expect(answered(away, 'echo: Also in the cloud')).toBeVisible()
    await navigation.getByText('Kept in the cloud').click()
    await expect(answered(away, 'echo: Kept in the cloud')).toBeVisible()
    await say(away, 'For when it is back')
    await expect(away.getByText('Not sent.')).toBeVisible()
    // What this page never had can't be shown; it comes by itself.
    await navigation.getByText('Made elsewhere').click()
    await expect(away.getByText('The server cannot be reached')).toBeVisible()

    // One's own: begun, prompted and continued as ever.
    await say(here, 'Work goes on here')
    await expect(answered(here, 'echo: Work goes on here')).toBeVisible()
    await say(here, 'And on')
    await expect(answered(here, 'echo: And on')).toBeVisible()
    await expect(here.getByText('Reconnecting')).toBeHidden()

    await cloud.run()
    await expect(away.getByText('Reconnecting')).toBeHidden()
    await expect(away.getByRole('heading', { name: 'Made elsewhere' })).toBeVisible()
    await expect(away.getByRole('textbox', { name: 'Message' })).toBeEnabled()
    await navigation.getByText('Kept in the cloud').click()
    await away.getByRole('button', { name: 'Send again' }).click()
    await expect(answered(away, 'echo: For when it is back')).toBeVisible()
    await expect(away.getByText('For when it is back', { exact: true })).toHaveCount(1)
  } finally {
    await cloud.stop()
  }
})
