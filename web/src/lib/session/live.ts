// Topics that this page follows, over whatever the network lets through.

import { me } from '../me'
import { recall, remember } from '../storage'
import type { Carrier, Follower } from './carrier'
import { connection } from '../connection.svelte'
import { Socket } from './socket'
import { Streams } from './streams'

/** So often the server has to answer requests, and no socket, before sockets are taken to be blocked. */
const PROOFS = 2
/** Where sockets are blocked they may come through later: the laptop went home. */
const SOCKET_AGAIN_MS = 5 * 60_000
const MEMORY = 'sockets'
const LINGER_MS = 20_000

class Live {
  #followers = new Map<string, Follower>()
  #carrier: Carrier | null = null
  #proofs = 0
  #again: ReturnType<typeof setTimeout> | undefined

  constructor() {
    // Another network, perhaps: what was open leads nowhere.
    addEventListener('online', () => {
      if (this.#followers.size > 0) this.#carrier?.open()
    })
    addEventListener('offline', () => connection.report('offline'))
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden && this.#followers.size > 0) this.#carrier?.wake()
    })
    addEventListener('pagehide', () => this.#stop())
    addEventListener('pageshow', (event) => {
      if (event.persisted && this.#followers.size > 0) this.#start()
    })
  }

  /** Follows a topic until the returned function is called. */
  follow(topic: string, follower: Follower): () => void {
    this.#followers.set(topic, follower)
    if (this.#carrier) this.#carrier.follow(topic, follower)
    else this.#start()
    return () => {
      if (this.#followers.get(topic) !== follower) return
      this.#followers.delete(topic)
      this.#carrier?.unfollow(topic)
    }
  }

  /** How long a topic that nobody looks at is worth following: on a socket it costs little, a stream is a whole connection. */
  get lingerMs(): number {
    return this.#carrier instanceof Streams ? 0 : LINGER_MS
  }

  #start(): void {
    if (recall(MEMORY) === 'blocked') this.#useStreams()
    else this.#useSocket()
  }

  #stop(): void {
    clearTimeout(this.#again)
    this.#carrier?.close()
    this.#carrier = null
  }

  #useSocket(): void {
    const socket = new Socket(this.#followers, {
      onopen: () => (this.#proofs = 0),
      onlost: (failures) => {
        connection.report(navigator.onLine ? 'reconnecting' : 'offline')
        if (failures > 1) void this.#prove(socket)
      },
    })
    this.#carrier = socket
    socket.open()
  }

  /** A hand-shake does not say why it was refused; a request does, and it notices a session that ended. */
  async #prove(socket: Socket): Promise<void> {
    await me.load()
    if (this.#carrier !== socket) return
    this.#proofs = me.state === 'ready' && me.problem === null ? this.#proofs + 1 : 0
    if (this.#proofs < PROOFS) return
    this.#stop()
    remember(MEMORY, 'blocked')
    this.#useStreams()
  }

  #useStreams(): void {
    this.#proofs = 0
    const streams = new Streams(this.#followers, () => void me.load())
    this.#carrier = streams
    streams.open()
    this.#trySocket(streams)
  }

  /** Once now and then, beside the streams, which it replaces if it opens. */
  #trySocket(streams: Streams): void {
    const attempt = new Socket(new Map(), {
      onopen: () => {
        attempt.close()
        if (this.#carrier !== streams) return
        this.#stop()
        remember(MEMORY, null)
        this.#useSocket()
      },
      onlost: () => {},
    })
    attempt.open()
    this.#again = setTimeout(() => {
      attempt.close()
      if (this.#carrier === streams) this.#trySocket(streams)
    }, SOCKET_AGAIN_MS)
  }
}

export const live = new Live()
