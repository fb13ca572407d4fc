// A channel gateway, played by its calls (contract 04 §9): what it does with a message of its chat, and what the chat is shown.

interface Answer {
  status: number
  body: any
}

/** A thread that it serves. */
export interface Thread {
  binding: string
  session: string
  /** The last event that the chat was shown. */
  shown: number
}

export class Gateway {
  constructor(
    readonly url: string,
    readonly token: string,
    readonly binding: string,
    readonly provider = 'webhook',
  ) {}

  async ask(method: 'GET' | 'POST', path: string, body?: unknown): Promise<Answer> {
    const answer = await fetch(`${this.url}/api/channels/${path}`, { method, headers: this.#headers, body: body === undefined ? undefined : JSON.stringify(body) })
    return { status: answer.status, body: await answer.json() }
  }

  /** As `ask`, of what has to succeed. */
  async post(path: string, body: unknown): Promise<any> {
    const answer = await this.ask('POST', path, body)
    if (answer.status >= 300) throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
    return answer.body
  }

  /** Says who writes; nothing more of what it says counts. */
  meet(user: string, name: string): Promise<any> {
    return this.post('identities/resolve', { provider: this.provider, channelBindingId: this.binding, externalUserId: user, metadata: { displayName: name } })
  }

  /** Makes a thread of the chat a session, or finds it; `session` is one that is there already. */
  async bind(user: string, thread: string, title: string, session?: string): Promise<Thread> {
    const body = { channelBindingId: this.binding, provider: this.provider, externalChatId: 'chat-1', externalThreadId: thread, externalUserId: user, title, sessionId: session }
    const bound = await this.post('sessions/bind', body)
    return { binding: bound.binding.bindingId, session: bound.session.session.sessionId, shown: bound.binding.lastEventSequence }
  }

  /** Somebody wrote something: one prompt, however often the chat system says so. */
  async receive(thread: Thread, user: string, event: string, said: string): Promise<void> {
    const source = { provider: this.provider, channelBindingId: this.binding }
    const claimed = await this.post('provider-events/claim', { ...source, providerInstanceId: this.provider, providerEventId: event, eventType: 'message', claimedBy: 'gateway:local' })
    if (!claimed.claimed) return
    await this.post('sessions/prompt', { bindingId: thread.binding, text: said, provider: this.provider, externalUserId: user, idempotencyKey: claimed.event.eventId })
    await this.post(`provider-events/${claimed.event.eventId}/complete`, { channelBindingId: this.binding, claimedBy: 'gateway:local', status: 'processed' })
  }

  /** Shows the chat what happens in a thread until it comes to rest; what the agent said, message by message. */
  async show(thread: Thread): Promise<string[]> {
    const said = new Map<string, string>()
    for await (const event of this.#frames(`sessions/${thread.binding}/events?after=${thread.shown}`)) {
      const { messageId, content, mode } = event.payload ?? {}
      if (event.type === 'assistant.message') said.set(messageId, mode === 'append' ? (said.get(messageId) ?? '') + content : content)
      thread.shown = event.sequence
      await this.post('cursor', { bindingId: thread.binding, lastEventSequence: event.sequence, lastWorkspaceSequence: 0 })
      if (event.type === 'session.idle') break
    }
    return [...said.values()]
  }

  /** The next delivery, unredacted; whoever reads it has claimed it. */
  async delivery(): Promise<any> {
    const { deliveries } = await this.post('deliveries/claim', { channelBindingIds: [this.binding], max: 1, waitMs: 10_000, ttlMs: 60_000, claimedBy: 'gateway:local' })
    return deliveries[0]
  }

  get #headers(): Record<string, string> {
    return { authorization: `Bearer ${this.token}` }
  }

  async *#frames(path: string): AsyncGenerator<any> {
    const over = new AbortController()
    try {
      const answer = await fetch(`${this.url}/api/channels/${path}`, { headers: this.#headers, signal: over.signal })
      if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
      let rest = ''
      for await (const part of answer.body!.pipeThrough(new TextDecoderStream())) {
        const lines = (rest + part).split('\n')
        rest = lines.pop() ?? ''
        for (const line of lines) if (line.startsWith('data: {')) yield JSON.parse(line.slice(6))
      }
    } finally {
      over.abort()
    }
  }
}
