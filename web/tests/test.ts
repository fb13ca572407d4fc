// What every test of the page has: a server, and a watch over the console and the policy of the document.

import { test as base, type Locator, type Page } from '@playwright/test'
import { Server } from './server'

/** Complaints of a page; a test may expect some. */
export class Watch {
  readonly complaints: string[] = []
  #expected: RegExp[] = []

  expect(pattern: RegExp): void {
    this.#expected.push(pattern)
  }

  follow(page: Page): void {
    page.on('console', (message) => {
      if (message.type() === 'error' || /content security policy/i.test(message.text())) this.#note(message.text())
    })
    page.on('pageerror', (error) => this.#note(String(error.stack ?? error)))
  }

  #note(text: string): void {
    this.complaints.push(text)
  }

  get unexpected(): string[] {
    return this.complaints.filter((text) => !this.#expected.some((pattern) => pattern.test(text)))
  }
}

/** The browser itself tells of requests that failed; tests that take the server or the network away expect that. */
export const NETWORK = /Failed to load resource|WebSocket connection to|net::ERR|ERR_CONNECTION|ERR_INTERNET/

export const test = base.extend<{ watch: Watch; signedIn: Page }, { server: Server }>({
  server: [
    async ({}, use) => {
      const server = await Server.start()
      await use(server)
      await server.stop()
    },
    { scope: 'worker', timeout: 90_000 },
  ],
  watch: [
    async ({ context }, use) => {
      const watch = new Watch()
      context.on('page', (page) => watch.follow(page))
      await use(watch)
      base.expect(watch.unexpected, 'complaints in the console').toEqual([])
    },
    { auto: true },
  ],
  signedIn: async ({ page, server }, use) => {
    await page.goto(`${server.url}/`)
    await use(page)
  },
})

export const expect = base.expect

/** Types a message and sends it. */
export async function say(page: Page, message: string): Promise<void> {
  const field = page.getByRole('textbox', { name: 'Message' })
  await field.fill(message)
  await field.press('Enter')
}

/** What the agent said in the conversation; screen readers are told the same once more. */
export function answered(page: Page, words: string): Locator {
  return page.getByRole('article', { name: 'Agent' }).getByText(words)
}
