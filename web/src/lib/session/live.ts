// One WebSocket per tab carries all topics (docs/websocket.md). Event streams would do as well, but a browser opens only six
// connections to an origin over HTTP/1.1: three tabs with two streams each would leave none for requests.

import { me } from '../me'
import { connection } from './connection.svelte'
import type { SessionEvent } from './events'

/** Somebody who follows a topic. */
export interface Follower {
  /** Where to go on after; asked at every (re)connection. Null is the end of the log: only what comes from now on. */
  cursor: () => number | null
  /** The topic is followed from after this sequence; what happened before can be read now without a gap. */
  onfollowed?: (after: number) => void
  onevent: (event: SessionEvent) => void
  /** Retention removed what the cursor needs: read the state anew. */
  ongap: () => void
}

interface Incoming {
  type: string
  topic?: string
  after?: number
  event?: SessionEvent
  status?: number
}

const FIRST_WAIT_MS = 250
const LONGEST_WAIT_MS = 8000
const PING_MS = 25_000
const PONG_MS = 5000

class Live {
  #followers = new Map<string, Follower>()
  #socket: WebSocket | null = null
  #isOpen = false
  #failures = 0
  #retry: ReturnType<typeof setTimeout> | undefined
  #ping: ReturnType<typeof setInterval> | undefined
  #pong: ReturnType<typeof setTimeout> | undefined

  constructor() {
    addEventListener('online', () => this.#connectNow())
    addEventListener('offline', () => connection.report('offline'))
    // After sleep the socket may be dead without knowing: ask.
    document.addEventListener('visibilitychange', () => {
      if (document.hidden || this.#followers.size === 0) return
      if (this.#isOpen) this.#probe()
      else this.#connectNow()
    })
    addEventListener('pagehide', () => this.#socket?.close())
    addEventListener('pageshow', (event) => {
      if (event.persisted) this.#connectNow()
    })
  }

  /** Follows a topic until the returned function is called. */
  follow(topic: string, follower: Follower): () => void {
    this.#followers.set(topic, follower)
    if (this.#isOpen) this.#subscribe(topic, follower)
    else if (!this.#socket) this.#connectNow()
    return () => {
      if (this.#followers.get(topic) !== follower) return
      this.#followers.delete(topic)
      if (this.#isOpen) this.#send({ type: 'unsubscribe', topic })
    }
  }

  #send(message: Record<string, unknown>): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message))
  }

  #subscribe(topic: string, follower: Follower): void {
    const after = follower.cursor()
    this.#send(after === null ? { type: 'subscribe', topic, latest: true } : { type: 'subscribe', topic, after })
  }

  #connectNow(): void {
    clearTimeout(this.#retry)
    if (this.#followers.size === 0) return
    const old = this.#socket
    if (old && old.readyState === WebSocket.CONNECTING) return
    this.#forget()
    old?.close()
    const url = new URL('/api/ws', location.href)
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
    const socket = new WebSocket(url, 'cowork.v1')
    this.#socket = socket
    socket.onmessage = (message) => {
      if (socket === this.#socket) this.#take(JSON.parse(String(message.data)) as Incoming)
    }
    socket.onclose = () => {
      if (socket === this.#socket) this.#lost()
    }
  }

  #forget(): void {
    this.#isOpen = false
    this.#socket = null
    clearInterval(this.#ping)
    clearTimeout(this.#pong)
  }

  #lost(): void {
    this.#forget()
    if (this.#followers.size === 0) return
    this.#failures += 1
    connection.report(navigator.onLine ? 'reconnecting' : 'offline')
    // A hand-shake does not say why it was refused; a request does, and it notices a session that ended.
    if (this.#failures === 3) void me.load()
    const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(this.#failures - 1, 6))
    this.#retry = setTimeout(() => this.#connectNow(), wait * (0.75 + Math.random() / 2))
  }

  #probe(): void {
    this.#send({ type: 'ping' })
    clearTimeout(this.#pong)
    this.#pong = setTimeout(() => {
      const dead = this.#socket
      this.#lost()
      dead?.close()
    }, PONG_MS)
  }

  #take(message: Incoming): void {
    const follower = message.topic === undefined ? undefined : this.#followers.get(message.topic)
    switch (message.type) {
      case 'hello':
        this.#isOpen = true
        this.#failures = 0
        connection.report('online')
        this.#ping = setInterval(() => this.#probe(), PING_MS)
        for (const [topic, one] of this.#followers) this.#subscribe(topic, one)
        break
      case 'pong':
        clearTimeout(this.#pong)
        break
      case 'subscribed':
        follower?.onfollowed?.(message.after ?? 0)
        break
      case 'event':
        if (!follower || !message.event) break
        if (message.event.type === 'snapshot.required') follower.ongap()
        else follower.onevent(message.event)
        break
      case 'ended':
        if (follower && message.topic) this.#subscribe(message.topic, follower)
        break
      case 'error':
        // The organisation has too many streams: once more in a moment.
        if (follower && message.topic && message.status === 429) {
          const topic = message.topic
          setTimeout(() => {
            if (this.#isOpen && this.#followers.get(topic) === follower) this.#subscribe(topic, follower)
          }, 2000)
        }
        break
    }
  }
}

export const live = new Live()
