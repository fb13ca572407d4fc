import { ApiError } from '../api'
import { text } from '../text'

export interface Toast {
  id: number
  kind: 'good' | 'bad' | 'info'
  message: string
  /** For help: the request id of a failed call. */
  detail?: string
}

class Toasts {
  all = $state.raw<Toast[]>([])
  #next = 1

  show(kind: Toast['kind'], message: string, detail?: string): void {
    const id = this.#next++
    this.all = [...this.all.slice(-3), { id, kind, message, detail }]
    setTimeout(() => this.dismiss(id), kind === 'bad' ? 9000 : 4000)
  }

  good(message: string): void {
    this.show('good', message)
  }

  /** Shows why something failed, in the server's own sentence. */
  failure(error: unknown): void {
    if (error instanceof ApiError) this.show('bad', error.sentence, error.requestId ? text.errors.reference(error.requestId) : undefined)
    else if (!(error instanceof DOMException && error.name === 'AbortError')) this.show('bad', text.errors.unexpected)
  }

  dismiss(id: number): void {
    this.all = this.all.filter((toast) => toast.id !== id)
  }
}

export const toasts = new Toasts()
