// Who may see the machinery: the local principal as it is, everybody else with the operator token of the deployment. The token is
// kept in this tab's memory and in no storage; it goes without cookies, because a cookie would win over it.

import { ApiError, request } from '../api'
import { errorOf } from '../api/error'
import { me } from '../me'
import { text } from '../text'

class OperatorAccess {
  #token = $state.raw<string | null>(null)

  get isOpen(): boolean {
    return me.isOperator || this.#token !== null
  }

  /** Whether there is a token to forget. */
  get hasToken(): boolean {
    return this.#token !== null
  }

  /** Takes a token if the server takes it. */
  async unlock(token: string): Promise<void> {
    await send(token, 'get', '/api/runtime/status')
    this.#token = token
  }

  lock(): void {
    this.#token = null
  }

  async json<T>(method: 'get' | 'post' | 'delete', path: string, signal?: AbortSignal): Promise<T> {
    if (this.#token === null) return request<T>(method, path, { signal, body: method === 'post' ? {} : undefined })
    return (await (await this.#sent(method, path, signal)).json()) as T
  }

  /** The metrics of the node that answers. */
  async metrics(signal?: AbortSignal): Promise<string> {
    return (await this.#sent('get', '/api/metrics', signal)).text()
  }

  async #sent(method: string, path: string, signal?: AbortSignal): Promise<Response> {
    try {
      return await send(this.#token, method, path, signal)
    } catch (error) {
      // Changed or taken back: ask for it again.
      if (error instanceof ApiError && error.status === 401 && this.#token !== null) this.lock()
      throw error
    }
  }
}

async function send(token: string | null, method: string, path: string, signal?: AbortSignal): Promise<Response> {
  let response: Response
  try {
    response = await fetch(path, {
      method: method.toUpperCase(),
      headers: token === null ? {} : { authorization: `Bearer ${token}` },
      credentials: token === null ? 'same-origin' : 'omit',
      signal,
    })
  } catch (cause) {
    if (signal?.aborted) throw cause
    throw new ApiError(text.errors.network, 0, 'network', null)
  }
  if (!response.ok) throw await errorOf(response)
  return response
}

export const operator = new OperatorAccess()
