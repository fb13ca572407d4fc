// The one way to the server. Paths, queries, bodies and answers are typed by `generated/schema.d.ts`, which `npm run types` makes from
// docs/api/openapi.json. A path that the description does not know yet goes through `request`.

import { text } from '../text'
import { ApiError, errorOf } from './error'
import type { components, paths } from '../../../generated/schema'

export type Schema = components['schemas']

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete'
type PathOf<M extends Method> = { [P in keyof paths]: paths[P] extends { [K in M]: unknown } ? (undefined extends paths[P][M] ? never : P) : never }[keyof paths]
type Operation<M extends Method, P extends PathOf<M>> = NonNullable<paths[P][M & keyof paths[P]]>
type Json<T> = T extends { content: { 'application/json': infer Body } } ? Body : undefined
type Answer<O> = O extends { responses: infer R } ? Json<R[keyof R & (200 | 201 | 202)]> : never
type PathParameters<O> = O extends { parameters: { path: infer Parameters } } ? { path: Parameters } : { path?: undefined }
type Query<O> = O extends { parameters: { query?: infer Parameters } } ? { query?: Parameters } : { query?: undefined }
type RequestBody<O> = O extends { requestBody?: infer B } ? { body?: Json<NonNullable<B>> } : { body?: undefined }

export type Options<M extends Method, P extends PathOf<M>> = PathParameters<Operation<M, P>> &
  Query<Operation<M, P>> &
  RequestBody<Operation<M, P>> & { signal?: AbortSignal }

/** Who wants to know when the server no longer knows us. */
let whenSignedOut: () => void = () => {}
let csrfToken: string | null = null
/** Asks `/auth/me` again and keeps its token. */
let renewCsrf: () => Promise<void> = async () => {}

export function setCsrfToken(token: string | null): void {
  csrfToken = token
}

export function onSignedOut(handler: () => void, renew: () => Promise<void>): void {
  whenSignedOut = handler
  renewCsrf = renew
}

interface RequestOptions {
  body?: unknown
  headers?: Record<string, string>
  signal?: AbortSignal
  /** A 401 is an answer like any other, and no reason to show the way to sign in. */
  quiet?: boolean
}

/** A request by plain path; the answer is JSON of a shape that the caller vouches for. */
export async function request<T>(method: Method, path: string, options: RequestOptions = {}): Promise<T> {
  const response = await answered(method, path, options)
  if (response.status === 204) return undefined as T
  return (await response.json()) as T
}

/** Fetches what is no JSON. */
export async function content(path: string, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  const response = await answered('get', path, { headers: { accept: '*/*' }, signal })
  return new Uint8Array(await response.arrayBuffer())
}

async function answered(method: Method, path: string, options: RequestOptions): Promise<Response> {
  const send = async () => {
    const headers: Record<string, string> = { accept: 'application/json', ...options.headers }
    if (options.body !== undefined) headers['content-type'] = 'application/json'
    if (csrfToken !== null && method !== 'get') headers['x-csrf-token'] = csrfToken
    try {
      return await fetch(path, {
        method: method.toUpperCase(),
        headers,
        credentials: 'same-origin',
        body: options.body === undefined ? undefined : JSON.stringify(options.body),
        signal: options.signal,
      })
    } catch (cause) {
      if (options.signal?.aborted) throw cause
      throw new ApiError(text.errors.network, 0, 'network', null)
    }
  }
  let response = await send()
  if (response.status === 403 && method !== 'get' && csrfToken !== null) {
    // Another tab may have signed in again, which gives a new token.
    const refusal = await errorOf(response.clone())
    if (refusal.code?.includes('csrf')) {
      await renewCsrf()
      response = await send()
    }
  }
  if (!response.ok) {
    const error = await errorOf(response)
    if (error.status === 401 && !options.quiet) whenSignedOut()
    throw error
  }
  return response
}

function filled(path: string, parameters: Record<string, unknown> | undefined, query: Record<string, unknown> | undefined): string {
  const located = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(parameters?.[name] ?? '')))
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value === undefined || value === null || value === '') continue
    for (const one of Array.isArray(value) ? value : [value]) search.append(name, String(one))
  }
  const asked = search.toString()
  return asked === '' ? located : `${located}?${asked}`
}

function call<T>(method: Method, path: string, options: unknown): Promise<T> {
  const given = (options ?? {}) as { path?: Record<string, unknown>; query?: Record<string, unknown>; body?: unknown; signal?: AbortSignal }
  return request<T>(method, filled(path, given.path, given.query), { body: given.body, signal: given.signal })
}

type Result<M extends Method, P extends PathOf<M>> = Promise<Answer<Operation<M, P>>>

/** Typed calls, such as `api.get('/api/sessions/{id}/view', { path: { id } })`. */
export const api = {
  get: <P extends PathOf<'get'>>(path: P, options?: Options<'get', P>): Result<'get', P> => call('get', path, options),
  post: <P extends PathOf<'post'>>(path: P, options?: Options<'post', P>): Result<'post', P> => call('post', path, options),
  put: <P extends PathOf<'put'>>(path: P, options?: Options<'put', P>): Result<'put', P> => call('put', path, options),
  patch: <P extends PathOf<'patch'>>(path: P, options?: Options<'patch', P>): Result<'patch', P> => call('patch', path, options),
  delete: <P extends PathOf<'delete'>>(path: P, options?: Options<'delete', P>): Result<'delete', P> => call('delete', path, options),
}
