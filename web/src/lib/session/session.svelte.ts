// A session that is open in this tab: its transcript kept in step with the server, and what the person does with it.

import { api, ApiError, request, type Schema } from '../api'
import { live } from './live'
import { keptOutgoing, Outgoing } from './outgoing.svelte'
import { Transcript } from './transcript.svelte'
import { titleOf, type Session } from './titles'
import { workspace } from './workspace.svelte'

export class OpenSession {
  readonly transcript: Transcript
  record = $state.raw<Session | null>(null)
  outgoing = $state.raw<Outgoing[]>([])
  error = $state.raw<unknown>(null)
  isLoaded = $state(false)
  isStopping = $state(false)
  #cursor: number | null = null
  #unfollow: (() => void) | null = null
  #users = 0
  #leave: ReturnType<typeof setTimeout> | undefined

  constructor(readonly sessionId: string) {
    this.transcript = new Transcript(sessionId)
    this.outgoing = keptOutgoing(sessionId)
  }

  get title(): string {
    const { title, firstPrompt } = this.transcript
    return titleOf({ title: this.isLoaded ? title : this.record?.title, firstPrompt })
  }

  get isBusy(): boolean {
    return this.transcript.status === 'running' || this.outgoing.some((one) => one.state !== 'failed')
  }

  /** Follows the session while somebody looks at it. */
  open(): () => void {
    this.#users += 1
    clearTimeout(this.#leave)
    if (!this.isLoaded) void this.load()
    else this.#follow()
    return () => {
      this.#users -= 1
      // Going back and forth between two sessions is common; a topic costs little for a while.
      if (this.#users === 0) {
        this.#leave = setTimeout(() => {
          this.#unfollow?.()
          this.#unfollow = null
        }, live.lingerMs)
      }
    }
  }

  load = async (): Promise<void> => {
    try {
      const { session, projection } = await api.get('/api/sessions/{id}', { path: { id: this.sessionId } })
      this.record = session
      this.#cursor = projection?.sequence ?? 0
      if (projection) this.transcript.restore(projection.view, projection.sequence)
      this.#dropShown()
      this.isLoaded = true
      this.error = null
      workspace.learn([{ ...session, firstPrompt: this.transcript.firstPrompt }])
      this.#unfollow?.()
      this.#unfollow = null
      if (this.#users > 0) this.#follow()
    } catch (error) {
      this.error = error
    }
  }

  /** A session that was just made: nothing to ask for. */
  begin(made: Schema['CloudSessionView']): void {
    this.record = made.session
    this.#cursor = made.projection?.sequence ?? 0
    if (made.projection) this.transcript.restore(made.projection.view, made.projection.sequence)
    this.isLoaded = true
  }

  #follow(): void {
    this.#unfollow ??= live.follow(`session:${this.sessionId}`, {
      cursor: () => this.#cursor ?? 0,
      onevent: (event) => {
        if (event.sequence <= (this.#cursor ?? 0)) return
        this.#cursor = event.sequence
        if (event.type === 'prompt.submitted') this.#arrived(event.payload)
        if (event.type === 'session.idle' || event.type === 'session.aborted' || event.type === 'runtime.error') this.isStopping = false
        this.transcript.apply(event)
      },
      ongap: () => void this.load(),
    })
  }

  /** The server's own copy of a message takes the place of ours. */
  #arrived(payload: Record<string, unknown>): void {
    const mine = this.outgoing.find((one) => one.commandId === payload.commandId) ?? this.outgoing.find((one) => one.commandId === null && one.text === payload.text)
    if (mine) this.discard(mine)
  }

  /** Messages that came through while nobody followed. */
  #dropShown(): void {
    for (const message of this.outgoing) if (message.entryKey !== null && this.transcript.has(message.entryKey)) this.discard(message)
  }

  async send(text: string, agent?: string): Promise<void> {
    const message = new Outgoing(this.sessionId, text, agent)
    message.keep()
    this.outgoing = [...this.outgoing, message]
    await this.#deliver(message)
  }

  async sendAgain(message: Outgoing): Promise<void> {
    message.state = 'sending'
    message.error = null
    await this.#deliver(message)
  }

  discard(message: Outgoing): void {
    message.forget()
    this.outgoing = this.outgoing.filter((one) => one !== message)
  }

  async #deliver(message: Outgoing): Promise<void> {
    const { text, agent } = message
    try {
      const envelope = await request<Schema['CommandEnvelope']>('post', `/api/sessions/${encodeURIComponent(this.sessionId)}/prompt`, {
        body: agent ? { text, agent } : { text },
        headers: { 'idempotency-key': message.idempotencyKey },
      })
      message.commandId = envelope.command.commandId
      if (message.state === 'sending') message.state = 'queued'
      if (this.outgoing.includes(message)) message.keep()
      this.#dropShown()
    } catch (error) {
      message.state = 'failed'
      message.error = error instanceof ApiError ? error : null
      if (!(error instanceof ApiError)) throw error
    }
  }

  async stop(): Promise<void> {
    this.isStopping = true
    try {
      await api.post('/api/sessions/{id}/abort', { path: { id: this.sessionId } })
    } catch (error) {
      this.isStopping = false
      throw error
    }
  }
}

/** Those looked at last stay as they were, so that going back is instant. */
const KEPT = 6
const open = new Map<string, OpenSession>()

export function sessionOf(sessionId: string): OpenSession {
  const known = open.get(sessionId)
  const session = known ?? new OpenSession(sessionId)
  open.delete(sessionId)
  open.set(sessionId, session)
  const oldest = open.keys().next().value
  if (open.size > KEPT && oldest !== undefined) open.delete(oldest)
  return session
}

/** Makes a session and sends its first message; the page shows both at once. */
export async function begin(text: string, title: string, agent?: string): Promise<OpenSession> {
  const made = await api.post('/api/sessions', { body: title === '' ? {} : { title } })
  workspace.add(made.session)
  const session = sessionOf(made.session.sessionId)
  session.begin(made)
  void session.send(text, agent)
  return session
}
