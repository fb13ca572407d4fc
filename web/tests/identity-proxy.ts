// What stands before a server in header mode: it says, signed, who asks (contract 00 §3.5). Sockets pass through it too.

import { createHmac } from 'node:crypto'
import { createServer, request, type IncomingHttpHeaders, type Server as HttpServer } from 'node:http'
import { connect } from 'node:net'

export interface Person {
  user: string
  email: string
  role: 'owner' | 'admin' | 'member'
}

export const SECRET = 'a-secret-of-the-proxy-0123456789-abcdef'

function identity(person: Person): Record<string, string> {
  const values = ['acme', 'Acme', person.user, person.email, person.role]
  const names = ['tenant-id', 'tenant-name', 'user-id', 'user-email', 'user-role']
  const timestamp = String(Math.floor(Date.now() / 1000))
  const signature = createHmac('sha256', SECRET).update(['v1', timestamp, ...values].join('\n')).digest('hex')
  return {
    ...Object.fromEntries(names.map((name, index) => [`x-open-cowork-${name}`, values[index] ?? ''])),
    'x-open-cowork-header-auth-secret': SECRET,
    'x-open-cowork-header-auth-timestamp': timestamp,
    'x-open-cowork-header-auth-signature': `v1=${signature}`,
  }
}

export class IdentityProxy {
  private constructor(
    readonly url: string,
    readonly server: HttpServer,
  ) {}

  static async start(port: number, person: Person): Promise<IdentityProxy> {
    const to = { host: '127.0.0.1', port }
    const headers = (given: IncomingHttpHeaders) => ({ ...given, ...identity(person) })
    const server = createServer((asked, answer) => {
      const passed = request({ ...to, path: asked.url, method: asked.method, headers: headers(asked.headers) }, (got) => {
        answer.writeHead(got.statusCode ?? 502, got.headers)
        got.pipe(answer)
      })
      passed.on('error', () => answer.destroy())
      asked.pipe(passed)
    })
    server.on('upgrade', (asked, socket) => {
      const lines = Object.entries(headers(asked.headers)).map(([name, value]) => `${name}: ${String(value)}`)
      const upstream = connect(to.port, to.host, () => {
        upstream.write(`GET ${asked.url} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`)
        upstream.pipe(socket).pipe(upstream)
      })
      for (const end of [socket, upstream]) end.on('error', () => (socket.destroy(), upstream.destroy()))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    return new IdentityProxy(`http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`, server)
  }

  stop(): void {
    this.server.closeAllConnections()
    this.server.close()
  }
}
