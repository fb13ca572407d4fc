// All sessions of the user as far as the page needs them everywhere: the recent ones, and what waits for a person.

import { SvelteMap } from 'svelte/reactivity'
import { api, ApiError } from '../api'
import { me } from '../me'
import { text } from '../text'
import type { SessionEvent } from './events'
import { requestIdOf } from './events'
import { live } from './live'
import { pendingIn, pendingOf, type Pending } from './pending'
import { titleOf, type Session } from './titles'

const RECENT = 40
/** How many working sessions are looked into for what they wait for, when the page starts. */
const SCANNED = 100
const AT_ONCE = 4

class WorkspaceStore {
  recent = $state.raw<Session[]>([])
  pending = $state.raw<Pending[]>([])
  /** False until the first answer. */
  isLoaded = $state(false)
  /** False until every working session was asked. */
  isScanned = $state(false)
  error = $state.raw<unknown>(null)
  /** Counts what changed, for lists that load their own pages. */
  revision = $state(0)

  #cursor: number | null = null
  #titles = new SvelteMap<string, string>()
  #refresh: ReturnType<typeof setTimeout> | undefined
  #listeners = new Set<(event: SessionEvent) => void>()
  /** Approvals that were resolved while the scan was under way. */
  #resolved = new Set<string>()

  /** Follows the workspace; called once by the shell. */
  start(): () => void {
    if (!me.has('chat')) {
      this.isLoaded = this.isScanned = true
      return () => {}
    }
    return live.follow('workspace', {
      cursor: () => this.#cursor,
      onfollowed: (after) => {
        if (this.#cursor === null) {
          this.#cursor = after
          void this.load()
        }
      },
      onevent: (event) => this.#take(event),
      ongap: () => {
        this.#cursor = null
        void this.load()
      },
    })
  }

  /** Everything anew. */
  async load(): Promise<void> {
    this.#resolved.clear()
    try {
      await this.#loadRecent()
      await this.#scan()
      this.error = null
    } catch (error) {
      this.error = error
    }
  }

  /** Calls for every event of any session, until the returned function is called. */
  listen(listener: (event: SessionEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  titleOf(sessionId: string): string {
    return this.#titles.get(sessionId) ?? text.sessions.untitled
  }

  /** What of a session waits for a person. */
  isWaiting(sessionId: string): boolean {
    return this.pending.some((one) => one.sessionId === sessionId)
  }

  /** Lists loaded elsewhere teach the titles too. */
  learn(sessions: readonly Session[]): void {
    for (const session of sessions) {
      const title = titleOf(session)
      if (title !== text.sessions.untitled || !this.#titles.has(session.sessionId)) this.#titles.set(session.sessionId, title)
    }
  }

  /** A session that this tab just made, before its events arrive. */
  add(session: Session): void {
    this.learn([session])
    if (!this.recent.some((known) => known.sessionId === session.sessionId)) this.recent = [session, ...this.recent].slice(0, RECENT)
  }

  async #loadRecent(): Promise<void> {
    const { sessions } = await api.get('/api/sessions', { query: { limit: RECENT } })
    this.learn(sessions)
    this.recent = sessions
    this.isLoaded = true
    this.revision += 1
  }

  async #scan(): Promise<void> {
    const { sessions } = await api.get('/api/sessions', { query: { status: 'running', limit: SCANNED } })
    this.learn(sessions)
    const found: Pending[] = []
    const queue = [...sessions]
    const look = async () => {
      for (let session = queue.shift(); session; session = queue.shift()) {
        const { projection } = await api.get('/api/sessions/{id}', { path: { id: session.sessionId } }).catch((error: unknown) => {
          if (error instanceof ApiError && error.isMissing) return { projection: null }
          throw error
        })
        if (projection) found.push(...pendingIn(session.sessionId, projection.view))
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, look))
    const known = new Set(found.map((one) => one.id))
    const arrived = this.pending.filter((one) => !known.has(one.id) && sessions.every((session) => session.sessionId !== one.sessionId))
    this.pending = [...found.filter((one) => !this.#resolved.has(one.id)), ...arrived].sort((a, b) => a.askedAt.localeCompare(b.askedAt))
    this.isScanned = true
  }

  #take(event: SessionEvent): void {
    this.#cursor = event.sequence
    for (const listener of this.#listeners) listener(event)
    const asked = pendingOf(event)
    if (asked && !this.pending.some((one) => one.id === asked.id)) this.pending = [...this.pending, asked]
    if (event.type === 'permission.resolved' || event.type === 'question.resolved') {
      const id = requestIdOf(event.payload)
      if (id !== null) {
        this.#resolved.add(id)
        if (this.pending.some((one) => one.id === id)) this.pending = this.pending.filter((one) => one.id !== id)
      }
    }
    if (['session.aborted', 'runtime.error', 'session.idle'].includes(event.type) && this.isWaiting(event.sessionId)) {
      this.pending = this.pending.filter((one) => one.sessionId !== event.sessionId)
    }
    this.#touch(event)
  }

  /** Moves the session to the top of the recent ones, with its new status. */
  #touch(event: SessionEvent): void {
    const known = this.recent.find((one) => one.sessionId === event.sessionId)
    if (!known) {
      // An unknown one: read the list, once for a burst.
      clearTimeout(this.#refresh)
      this.#refresh = setTimeout(() => void this.#loadRecent().catch(() => {}), 150)
      return
    }
    const status = statusAfter(event, known.status)
    const firstPrompt = known.firstPrompt ?? (event.type === 'prompt.submitted' ? String(event.payload.text ?? '') : null)
    const isDelta = event.type === 'assistant.message' || event.type === 'tool.call'
    // Text that streams changes nothing that a list shows.
    if (isDelta && status === known.status && this.recent[0] === known) return
    const changed: Session = { ...known, status, firstPrompt, updatedAt: event.createdAt > known.updatedAt ? event.createdAt : known.updatedAt }
    this.learn([changed])
    this.recent = [changed, ...this.recent.filter((one) => one !== known)].sort((a, b) => b.updatedAt.localeCompare(a.updatedAt))
    this.revision += 1
  }
}

/** The record's status after an event (contract 01 §6). */
export function statusAfter(event: SessionEvent, before: Session['status']): Session['status'] {
  switch (event.type) {
    case 'prompt.submitted':
    case 'tool.call':
    case 'permission.requested':
    case 'question.asked':
      return 'running'
    case 'runtime.error':
      return 'errored'
    case 'session.aborted':
      return 'idle'
    case 'session.idle':
      return before === 'errored' ? 'errored' : 'idle'
    case 'session.status':
      return event.payload.statusType === 'idle' ? (before === 'errored' ? 'errored' : 'idle') : 'running'
    default:
      return before
  }
}

export const workspace = new WorkspaceStore()
