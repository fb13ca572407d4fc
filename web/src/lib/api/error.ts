/** A request that did not succeed: what to show, and what a program can decide by. */
export class ApiError extends Error {
  /** The HTTP status; 0 when no answer came. */
  readonly status: number
  /** A stable dotted code such as `policy.agent_not_enabled`; `network` when no answer came. */
  readonly code: string | null
  /** Quote it when asking for help. */
  readonly requestId: string | null
  readonly retryAfterMs: number | null

  constructor(sentence: string, status: number, code: string | null, requestId: string | null, retryAfterMs: number | null = null) {
    super(sentence)
    this.name = 'ApiError'
    this.status = status
    this.code = code
    this.requestId = requestId
    this.retryAfterMs = retryAfterMs
  }

  /** The sentence for a person. */
  get sentence(): string {
    return this.message
  }

  get isOffline(): boolean {
    return this.status === 0
  }

  get isForbidden(): boolean {
    return this.status === 403
  }

  get isMissing(): boolean {
    return this.status === 404
  }
}

/** Reads an answer that is not a success. */
export async function errorOf(response: Response): Promise<ApiError> {
  const requestId = response.headers.get('x-request-id')
  const body: unknown = await response.json().catch(() => null)
  const record = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {}
  const verdict = record.verdict as { policyCode?: unknown } | null | undefined
  const code = typeof record.code === 'string' ? record.code : typeof verdict?.policyCode === 'string' ? verdict.policyCode : null
  const sentence = typeof record.error === 'string' ? record.error : `${response.status} ${response.statusText}`.trim()
  const retryAfterMs = typeof record.retryAfterMs === 'number' ? record.retryAfterMs : null
  return new ApiError(sentence, response.status, code, requestId, retryAfterMs)
}
