// An OpenID provider that signs everybody in at once, as the person that a test names.

import { createSign, generateKeyPairSync, randomUUID } from 'node:crypto'
import { createServer, type Server as HttpServer } from 'node:http'

const base64 = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

export class IdentityProvider {
  readonly issuer: string
  /** Who signs in next. */
  person = 'kim'
  #nonces = new Map<string, { nonce: string; person: string }>()

  private constructor(
    port: number,
    readonly server: HttpServer,
  ) {
    this.issuer = `http://127.0.0.1:${port}`
  }

  static async start(): Promise<IdentityProvider> {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    const provider = new IdentityProvider(typeof address === 'object' && address ? address.port : 0, server)
    server.on('request', (asked, answer) => {
      const url = new URL(asked.url ?? '/', provider.issuer)
      const json = (body: unknown) => answer.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
      if (url.pathname === '/.well-known/openid-configuration') {
        json({
          issuer: provider.issuer,
          authorization_endpoint: `${provider.issuer}/authorize`,
          token_endpoint: `${provider.issuer}/token`,
          jwks_uri: `${provider.issuer}/jwks`,
          response_types_supported: ['code'],
          subject_types_supported: ['public'],
          id_token_signing_alg_values_supported: ['RS256'],
        })
      } else if (url.pathname === '/jwks') {
        json({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k1', use: 'sig', alg: 'RS256' }] })
      } else if (url.pathname === '/authorize') {
        const code = randomUUID()
        provider.#nonces.set(code, { nonce: url.searchParams.get('nonce') ?? '', person: provider.person })
        const back = new URL(url.searchParams.get('redirect_uri') ?? provider.issuer)
        back.searchParams.set('code', code)
        back.searchParams.set('state', url.searchParams.get('state') ?? '')
        answer.writeHead(302, { location: back.href }).end()
      } else if (url.pathname === '/token') {
        let body = ''
        asked.on('data', (chunk: Buffer) => (body += chunk.toString()))
        asked.on('end', () => {
          const { nonce, person } = provider.#nonces.get(new URLSearchParams(body).get('code') ?? '') ?? { nonce: '', person: '' }
          const now = Math.floor(Date.now() / 1000)
          const claims = { iss: provider.issuer, sub: person, aud: 'cowork', iat: now, exp: now + 600, nonce, email: `${person}@acme.example`, email_verified: true }
          const signed = `${base64({ alg: 'RS256', typ: 'JWT', kid: 'k1' })}.${base64(claims)}`
          const signature = createSign('RSA-SHA256').update(signed).sign(privateKey).toString('base64url')
          json({ access_token: randomUUID(), token_type: 'Bearer', expires_in: 600, id_token: `${signed}.${signature}` })
        })
      } else answer.writeHead(404).end()
    })
    return provider
  }

  stop(): void {
    this.server.closeAllConnections()
    this.server.close()
  }
}
