import { IdentityProvider } from './identity-provider'
import { IdentityProxy, SECRET } from './identity-proxy'
import { Server } from './server'
import { answered, expect, NETWORK, say, test } from './test'

test('header mode: a member comes in through the proxy and reaches what members may, nobody comes in beside it', async ({ page, watch }) => {
  watch.expect(NETWORK)
  const server = await Server.start({ AUTH_MODE: 'header', HEADER_AUTH_SECRET: SECRET, BRAND_NAME: 'Acme <Cloud>' })
  const proxy = await IdentityProxy.start(server.port, { user: 'kim', email: 'kim@acme.example', role: 'member' })
  try {
    await page.goto(`${server.url}/`)
    await expect(page.getByRole('heading', { name: 'You are not signed in' })).toBeVisible()
    await expect(page).toHaveTitle(/Acme <Cloud>/)
    expect(await page.getByRole('navigation', { name: 'Main' }).count()).toBe(0)

    await page.goto(`${proxy.url}/`)
    await expect(page.getByText('kim@acme.example')).toBeVisible()
    const navigation = page.getByRole('navigation', { name: 'Main' })
    await expect(navigation.getByRole('link', { name: 'Sessions', exact: true })).toBeVisible()
    await expect(navigation.getByText('Operations')).toHaveCount(0)
    await say(page, 'Hello from a member')
    await expect(answered(page, 'echo: Hello from a member')).toBeVisible()
    await page.goto(`${proxy.url}/app/account`)
    await expect(page.getByText('this page cannot')).toBeVisible()
  } finally {
    proxy.stop()
    await server.stop()
  }
})

test('OpenID mode: sign in, work with a cookie, sign out', async ({ page, watch }) => {
  watch.expect(NETWORK)
  const provider = await IdentityProvider.start()
  const server = await Server.start({
    AUTH_MODE: 'oidc',
    OIDC_ISSUER_URL: provider.issuer,
    OIDC_CLIENT_ID: 'cowork',
    OIDC_CLIENT_SECRET: 'secret-of-the-client',
    COOKIE_SECRET: 'vJ4q0ZrT8mXw1LkYb6HsNc9FgPu3Ea5D',
    COOKIE_SECURE: 'false',
  })
  try {
    await page.goto(`${server.url}/app/sessions`)
    await page.getByRole('link', { name: 'Sign in' }).click()
    await expect(page.getByRole('heading', { level: 1, name: 'Sessions' })).toBeVisible()
    await expect(page).toHaveURL(/\/app\/sessions$/)
    await page.goto(`${server.url}/`)
    await say(page, 'Hello with a cookie')
    await expect(answered(page, 'echo: Hello with a cookie')).toBeVisible()
    const kept = await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }))
    expect(kept, 'no secret in storage').not.toMatch(/csrf|token|eyJ|session=/i)
    await page.goto(`${server.url}/app/account`)
    await expect(page.getByText('This browser')).toBeVisible()
    await page.getByRole('button', { name: 'Sign out', exact: true }).click()
    await expect(page.getByRole('link', { name: 'Sign in' })).toBeVisible()
    await page.reload()
    await expect(page.getByRole('link', { name: 'Sign in' })).toBeVisible()
  } finally {
    await server.stop()
    provider.stop()
  }
})

test('a tab starts anew when somebody else signs in beside it, and sends nothing in their name', async ({ page, context, watch }) => {
  watch.expect(NETWORK)
  const provider = await IdentityProvider.start()
  const server = await Server.start({
    AUTH_MODE: 'oidc',
    OIDC_ISSUER_URL: provider.issuer,
    OIDC_CLIENT_ID: 'cowork',
    OIDC_CLIENT_SECRET: 'secret-of-the-client',
    COOKIE_SECRET: 'vJ4q0ZrT8mXw1LkYb6HsNc9FgPu3Ea5D',
    COOKIE_SECURE: 'false',
    SIGNUP_MODE: 'open',
  })
  try {
    await page.goto(`${server.url}/app`)
    await page.getByRole('link', { name: 'Sign in' }).click()
    const account = page.getByRole('link', { name: 'Account and preferences' })
    await expect(account).toContainText('kim@acme.example')
    await page.getByRole('textbox', { name: 'Message' }).fill('for Kim alone')
    await expect.poll(() => page.evaluate(() => localStorage.getItem('cowork.draft.new'))).toBe('for Kim alone')

    // What one tab tells the others.
    provider.person = 'lee'
    const other = await context.newPage()
    await other.goto(`${server.url}/auth/login?returnTo=/app`)
    await expect(other.getByRole('link', { name: 'Account and preferences' })).toContainText('lee@acme.example')
    await expect(other.getByRole('textbox', { name: 'Message' })).toHaveValue('')
    await expect(account).toContainText('lee@acme.example')
    await expect(page.getByRole('textbox', { name: 'Message' })).toHaveValue('')

    // Where they cannot tell each other, the refused request finds out.
    await other.close()
    provider.person = 'kim'
    await context.request.get(`${server.url}/auth/login?returnTo=/app`)
    const posts: number[] = []
    page.on('response', (response) => response.request().method() === 'POST' && posts.push(response.status()))
    await say(page, 'said as Lee')
    await expect(account).toContainText('kim@acme.example')
    expect(posts).toEqual([403])
  } finally {
    await server.stop()
    provider.stop()
  }
})
