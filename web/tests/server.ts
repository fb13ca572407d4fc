// A real server for the tests, with a data directory and a private PostgreSQL of its own.

import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const BINARY = process.env.COWORK_BIN ?? ''

async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => (typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port'))))
    })
  })
}

export class Server {
  readonly url: string
  #process: ChildProcess | null = null
  #folder = mkdtempSync(join(tmpdir(), 'cowork-web-'))

  private constructor(
    readonly port: number,
    readonly settings: Record<string, string>,
  ) {
    this.url = `http://127.0.0.1:${port}`
    // PostgreSQL refuses root, so it runs as somebody else, who has to get through here.
    chmodSync(this.#folder, 0o711)
  }

  static async start(settings: Record<string, string> = {}): Promise<Server> {
    if (BINARY === '') throw new Error('COWORK_BIN names no program; start the tests with `cargo xtask web-test`')
    const server = new Server(await freePort(), settings)
    await server.run()
    return server
  }

  /** Starts the program, again if it was killed: its PostgreSQL may need a moment to go. */
  async run(): Promise<void> {
    const deadline = Date.now() + 60_000
    let said = ''
    while (Date.now() < deadline) {
      const process_ = spawn(BINARY, ['serve', '--listen', `127.0.0.1:${this.port}`, '--data-dir', this.#folder], {
        env: {
          ...process.env,
          OPEN_COWORK_CLOUD_ALLOW_REMOTE_APPROVALS: 'true',
          ...Object.fromEntries(Object.entries(this.settings).map(([name, value]) => [`OPEN_COWORK_CLOUD_${name}`, value])),
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      const started = await new Promise<boolean>((resolve) => {
        said = ''
        const hear = (chunk: Buffer) => {
          said = (said + chunk.toString()).slice(-4000)
          if (/^ready /m.test(said)) resolve(true)
        }
        process_.stdout?.on('data', hear)
        process_.stderr?.on('data', hear)
        process_.once('exit', () => resolve(false))
      })
      if (started) {
        this.#process = process_
        return
      }
      if (!said.includes('in use by another process')) break
      await new Promise((resolve) => setTimeout(resolve, 300))
    }
    throw new Error(`the server did not start: ${said}`)
  }

  /** Without a goodbye, as a crash would. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const process_ = this.#process
    this.#process = null
    if (!process_ || process_.exitCode !== null) return
    const gone = new Promise((resolve) => process_.once('exit', resolve))
    process_.kill(signal)
    await gone
  }

  async stop(): Promise<void> {
    await this.kill('SIGTERM')
    rmSync(this.#folder, { recursive: true, force: true })
  }

  /** Runs statements against the server's database, while the server is down. */
  async sql(statements: string): Promise<void> {
    await this.kill('SIGTERM')
    const postgres = spawn(BINARY, ['private-postgres', '--folder', join(this.#folder, 'postgres')], { stdio: ['pipe', 'pipe', 'inherit'] })
    try {
      const url = await new Promise<string>((resolve, reject) => {
        let said = ''
        postgres.stdout.on('data', (part: Buffer) => {
          said += part.toString()
          if (said.includes('\n')) resolve(said.trim())
        })
        postgres.once('exit', () => reject(new Error('the database did not start')))
      })
      execFileSync('psql', ['--quiet', '--set=ON_ERROR_STOP=1', url], { input: statements })
    } finally {
      const gone = new Promise((resolve) => postgres.once('exit', resolve))
      postgres.stdin.end()
      await gone
    }
    await this.run()
  }

  async post<T>(path: string, body: unknown = {}): Promise<T> {
    const response = await fetch(this.url + path, { method: 'POST', body: JSON.stringify(body) })
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
    return (await response.json()) as T
  }

  async session(title: string): Promise<string> {
    return (await this.post<{ session: { sessionId: string } }>('/api/sessions', { title })).session.sessionId
  }

  async prompt(session: string, text: string): Promise<void> {
    await this.post(`/api/sessions/${session}/prompt`, { text })
  }

  /** Waits until a session has come to rest. */
  async settled(session: string): Promise<void> {
    for (const deadline = Date.now() + 20_000; Date.now() < deadline; ) {
      const state = (await (await fetch(`${this.url}/api/sessions/${session}`)).json()) as { session: { status: string }; projection: { view: { isGenerating: boolean; messages: unknown[] } } }
      if (state.session.status !== 'running' && !state.projection.view.isGenerating && state.projection.view.messages.length > 0) return
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    throw new Error(`session ${session} does not come to rest`)
  }
}
