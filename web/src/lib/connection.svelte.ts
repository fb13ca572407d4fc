// Whether events arrive, as people should see it: a moment without a connection is no news.

export type Connection = 'online' | 'reconnecting' | 'offline'

const QUIET_MS = 1500

class ConnectionState {
  /** What the bar shows; follows the truth with some patience. */
  shown = $state<Connection>('online')
  /** How often it was lost and came back, however quickly. */
  returns = $state(0)
  #isLost = false
  #timer: ReturnType<typeof setTimeout> | undefined

  report(state: Connection): void {
    clearTimeout(this.#timer)
    if (state === 'online' && this.#isLost) this.returns += 1
    this.#isLost = state !== 'online'
    if (state === 'online') this.shown = 'online'
    else if (this.shown !== 'online') this.shown = state
    else this.#timer = setTimeout(() => (this.shown = state), state === 'offline' ? 0 : QUIET_MS)
  }
}

export const connection = new ConnectionState()
