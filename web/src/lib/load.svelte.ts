// Something that a view loads: the states that every view has to show.

/** Loads when made, and again on `reload`. A newer load cancels an older one; old data stays visible until new data is there. */
export class Loaded<T> {
  data = $state.raw<T | undefined>(undefined)
  error = $state.raw<unknown>(undefined)
  isLoading = $state(true)
  #load: (signal: AbortSignal) => Promise<T>
  #running: AbortController | undefined

  constructor(load: (signal: AbortSignal) => Promise<T>) {
    this.#load = load
    void this.reload()
  }

  /** Nothing to show yet, and nothing wrong. */
  get isFirst(): boolean {
    return this.isLoading && this.data === undefined
  }

  reload = async (): Promise<void> => {
    this.#running?.abort()
    const running = new AbortController()
    this.#running = running
    this.isLoading = true
    try {
      const data = await this.#load(running.signal)
      if (this.#running !== running) return
      this.data = data
      this.error = undefined
    } catch (error) {
      if (this.#running !== running) return
      this.error = error
    }
    this.isLoading = false
  }
}
