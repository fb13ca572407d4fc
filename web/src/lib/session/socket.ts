// One WebSocket per tab carries all topics (docs/websocket.md). Event streams would do as well, but a browser opens only six
// connections to an origin over HTTP/1.1: three tabs with two streams each would leave none for requests.

import { pauseAfter, type Carrier, type Follower, type Followers } from './carrier'
import { connection } from '../connection.svelte'
import type { SessionEvent } from './events'

interface Incoming {
  type: string
  topic?: string
  after?: number
  event?: SessionEvent
  status?: number
}

/** A proxy may take the hand-shake and pass on nothing. */
const HELLO_MS = 8000
const PING_MS = 25_000
const PONG_MS = 5000

interface Listeners {
  onopen: () => void
  /** After so many failures in a row. */
  onlost: (failures: number) => void
}

export class Socket implements Carrier {
  #socket: WebSocket | null = null
  #isOpen = false
  #isClosed = false
  #failures = 0
  #retry: ReturnType<typeof setTimeout> | undefined
  #hello: ReturnType<typeof setTimeout> | undefined
  #ping: ReturnType<typeof setInterval> | undefined
  #pong: ReturnType<typeof setTimeout> | undefined

  constructor(
    readonly followers: Followers,
    readonly listeners: Listeners,
  ) {}

  open(): void {
    clearTimeout(this.#retry)
    const old = this.#socket
    if (this.#isClosed || old?.readyState === WebSocket.CONNECTING) return
    this.#forget()
    old?.close()
    const url = new URL('/api/ws', location.href)
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
    const socket = new WebSocket(url, 'cowork.v1')
    this.#socket = socket
    this.#hello = setTimeout(() => this.#abandon(), HELLO_MS)
    socket.onmessage = (message) => {
      if (socket === this.#socket) this.#take(JSON.parse(String(message.data)) as Incoming)
    }
    socket.onclose = () => {
      if (socket === this.#socket) this.#lost()
    }
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#retry)
    const old = this.#socket
    this.#forget()
    old?.close()
  }

  follow(topic: string, follower: Follower): void {
    if (this.#isOpen) this.#subscribe(topic, follower)
    else if (!this.#socket) this.open()
  }

  unfollow(topic: string): void {
    if (this.#isOpen) this.#send({ type: 'unsubscribe', topic })
  }

  wake(): void {
    if (this.#isOpen) this.#probe()
    else this.open()
  }

  #send(message: Record<string, unknown>): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message))
  }

  #subscribe(topic: string, follower: Follower): void {
    const after = follower.cursor()
    this.#send(after === null ? { type: 'subscribe', topic, latest: true } : { type: 'subscribe', topic, after })
  }

  #forget(): void {
    this.#isOpen = false
    this.#socket = null
    clearTimeout(this.#hello)
    clearInterval(this.#ping)
    clearTimeout(this.#pong)
  }

  #lost(): void {
    this.#forget()
    if (this.#isClosed || this.followers.size === 0) return
    this.#failures += 1
    this.#retry = setTimeout(() => this.open(), pauseAfter(this.#failures))
    this.listeners.onlost(this.#failures)
  }

  /** Without waiting for the other side to agree. */
  #abandon(): void {
    const dead = this.#socket
    this.#lost()
    dead?.close()
  }

  #probe(): void {
    this.#send({ type: 'ping' })
    clearTimeout(this.#pong)
    this.#pong = setTimeout(() => this.#abandon(), PONG_MS)
  }

  #take(message: Incoming): void {
    const follower = message.topic === undefined ? undefined : this.followers.get(message.topic)
    switch (message.type) {
      case 'hello':
        this.#isOpen = true
        this.#failures = 0
        clearTimeout(this.#hello)
        connection.report('online')
        this.#ping = setInterval(() => this.#probe(), PING_MS)
        this.listeners.onopen()
        for (const [topic, one] of this.followers) this.#subscribe(topic, one)
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
            if (this.#isOpen && this.followers.get(topic) === follower) this.#subscribe(topic, follower)
          }, 2000)
        }
        break
    }
  }
}
