// Event streams (contract 00 §9), for networks whose proxies let no WebSocket through: one request per topic that stays open.

import { pauseAfter, type Carrier, type Follower, type Followers } from './carrier'
import { connection } from '../connection.svelte'
import { asRecord, type SessionEvent } from './events'

/** The server says something every second or so. */
const SILENCE_MS = 30_000
/** A stream that ends sooner than this did not work. */
const LIFE_MS = 5000
/** A page that nobody looks at gives its connections back: browsers open six to an origin over HTTP/1.1, for all tabs together. */
const UNSEEN_MS = 60_000
/** How much earlier than it was sent an event may be dated: clocks of nodes differ. */
const SKEW_MS = 10_000

function addressOf(topic: string): string {
  return topic === 'workspace' ? '/api/events' : `/api/sessions/${encodeURIComponent(topic.replace('session:', ''))}/events`
}

/** One topic, through as many requests as it takes. */
class TopicStream {
  /** Since when it is; null while it is not. */
  #openSince: number | null = null
  #heardAt = 0
  /** The last sequence that arrived; null before the first. */
  #position: number | null = null
  #failures = 0
  #running: AbortController | null = null
  #retry: ReturnType<typeof setTimeout> | undefined
  #silence: ReturnType<typeof setTimeout> | undefined

  constructor(
    readonly topic: string,
    readonly follower: Follower,
    readonly onchange: () => void,
    /** The server no longer knows us. */
    readonly onstranger: () => void,
  ) {}

  get isOpen(): boolean {
    return this.#openSince !== null
  }

  /** Whether it is open and was heard of lately, which after a long sleep is not the same. */
  get isAlive(): boolean {
    return this.isOpen && performance.now() - this.#heardAt < LIFE_MS
  }

  open(): void {
    this.close()
    const running = new AbortController()
    this.#running = running
    this.#follow(running).then(
      (isDone) => {
        // An address that is refused stays refused; a stream that was open ends by itself after a while.
        if (this.#running === running && !isDone) this.#again()
      },
      () => {
        if (this.#running === running) this.#again()
      },
    )
  }

  close(): void {
    clearTimeout(this.#retry)
    clearTimeout(this.#silence)
    this.#running?.abort()
    this.#running = null
    this.#openSince = null
  }

  #again(): void {
    const worked = this.#openSince !== null && performance.now() - this.#openSince > LIFE_MS
    this.close()
    this.#failures = worked ? 1 : this.#failures + 1
    this.#retry = setTimeout(() => this.open(), pauseAfter(this.#failures))
    this.onchange()
  }

  /** Whether nothing more is to be expected of this topic. */
  async #follow(running: AbortController): Promise<boolean> {
    const cursor = this.#position ?? this.follower.cursor()
    this.#heard(running)
    const response = await fetch(`${addressOf(this.topic)}?after=${cursor ?? 0}`, {
      headers: { accept: 'text/event-stream' },
      credentials: 'same-origin',
      cache: 'no-store',
      signal: running.signal,
    })
    if (response.status === 401) this.onstranger()
    if (!response.ok || !response.body) return response.status === 403 || response.status === 404
    // A stream begins at a cursor or at the very beginning. Who wants neither is spared what happened before the stream was there.
    const since = cursor === null ? Date.parse(response.headers.get('date') ?? '') - SKEW_MS : NaN
    this.#position = cursor ?? 0
    this.#openSince = performance.now()
    this.onchange()
    this.follower.onfollowed?.(this.#position)
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
    let rest = ''
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return false
      this.#heard(running)
      const frames = (rest + value).split('\n\n')
      rest = frames.pop() ?? ''
      for (const frame of frames) {
        if (this.#running !== running) return true
        this.#take(frame, since)
      }
    }
  }

  #take(frame: string, since: number): void {
    const data = frame
      .split('\n')
      .filter((line) => line.startsWith('data:'))
      .map((line) => line.slice(5).replace(/^ /, ''))
      .join('\n')
    if (data === '') return
    const event = JSON.parse(data) as SessionEvent
    if (event.type === ('snapshot.required' as string)) {
      const latest = asRecord(event.payload).latestSequence
      this.#position = typeof latest === 'number' ? latest : event.sequence
      this.follower.ongap()
      return
    }
    this.#position = event.sequence
    if (!(Date.parse(event.createdAt) < since)) this.follower.onevent(event)
  }

  #heard(running: AbortController): void {
    this.#heardAt = performance.now()
    clearTimeout(this.#silence)
    this.#silence = setTimeout(() => {
      if (this.#running === running) this.#again()
    }, SILENCE_MS)
  }
}

export class Streams implements Carrier {
  #streams = new Map<string, TopicStream>()
  #unseen: ReturnType<typeof setTimeout> | undefined

  constructor(
    readonly followers: Followers,
    /** The server no longer knows us. */
    readonly onstranger: () => void,
  ) {
    document.addEventListener('visibilitychange', this.#seenOrNot)
  }

  open(): void {
    for (const [topic, follower] of this.followers) {
      const known = this.#streams.get(topic)
      if (known?.follower === follower) known.open()
      else this.follow(topic, follower)
    }
  }

  follow(topic: string, follower: Follower): void {
    this.#streams.get(topic)?.close()
    const stream = new TopicStream(topic, follower, () => this.#report(), this.onstranger)
    this.#streams.set(topic, stream)
    stream.open()
  }

  unfollow(topic: string): void {
    this.#streams.get(topic)?.close()
    this.#streams.delete(topic)
    this.#report()
  }

  wake(): void {
    clearTimeout(this.#unseen)
    for (const stream of this.#streams.values()) if (!stream.isAlive) stream.open()
  }

  close(): void {
    document.removeEventListener('visibilitychange', this.#seenOrNot)
    clearTimeout(this.#unseen)
    for (const stream of this.#streams.values()) stream.close()
    this.#streams.clear()
  }

  #seenOrNot = (): void => {
    clearTimeout(this.#unseen)
    if (document.hidden) this.#unseen = setTimeout(() => this.#streams.forEach((stream) => stream.close()), UNSEEN_MS)
  }

  #report(): void {
    const isComplete = [...this.#streams.values()].every((stream) => stream.isOpen)
    connection.report(isComplete ? 'online' : navigator.onLine ? 'reconnecting' : 'offline')
  }
}
