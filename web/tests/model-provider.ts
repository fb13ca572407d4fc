// A model provider beside the server: speaks OpenAI's protocol, takes some keys and refuses all others.

import { createServer, type Server as HttpServer, type ServerResponse } from 'node:http'

export class ModelProvider {
  /** What came in the name of a key, in order. */
  readonly seen: { path: string; key: string }[] = []

  private constructor(
    readonly url: string,
    readonly server: HttpServer,
    /** The keys that it takes. */
    readonly good: Set<string>,
  ) {}

  static async start(...good: string[]): Promise<ModelProvider> {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    const provider = new ModelProvider(`http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}/v1`, server, new Set(good))
    server.on('request', (asked, answer) => {
      const key = (asked.headers.authorization ?? '').replace('Bearer ', '')
      provider.seen.push({ path: asked.url ?? '', key })
      let body = ''
      asked.on('data', (part: Buffer) => (body += part.toString()))
      asked.on('end', () => {
        if (!provider.good.has(key)) json(answer, 401, { error: { message: 'Incorrect API key provided.', type: 'invalid_request_error', code: 'invalid_api_key' } })
        else if (asked.method === 'GET') json(answer, 200, { object: 'list', data: [{ id: 'house-1', object: 'model' }] })
        else complete(answer, JSON.parse(body) as Asked)
      })
    })
    return provider
  }

  /** For a server's settings: it is the one provider `house`. */
  get settings(): Record<string, string> {
    return { PROVIDERS: JSON.stringify({ house: { kind: 'openai-compatible', baseUrl: this.url, models: ['house-1'], allowPrivateNetwork: true } }) }
  }

  stop(): void {
    this.server.closeAllConnections()
    this.server.close()
  }
}

interface Asked {
  messages: { role: string; content: unknown }[]
}

function json(answer: ServerResponse, status: number, body: unknown): void {
  answer.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

/** Says that it heard the last message, in three pieces. */
function complete(answer: ServerResponse, { messages }: Asked): void {
  const said = messages.findLast((message) => message.role === 'user')?.content
  const heard = typeof said === 'string' ? said : JSON.stringify(said)
  const piece = (delta: unknown, finish: string | null = null) => `data: ${JSON.stringify({ id: 'c1', object: 'chat.completion.chunk', created: 1, model: 'house-1', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`
  answer.writeHead(200, { 'content-type': 'text/event-stream' })
  answer.write(piece({ role: 'assistant', content: 'The house ' }))
  answer.write(piece({ content: `heard: ${heard}` }))
  answer.write(piece({}, 'stop'))
  answer.end(`data: ${JSON.stringify({ id: 'c1', object: 'chat.completion.chunk', created: 1, model: 'house-1', choices: [], usage: { prompt_tokens: 12, completion_tokens: 5, total_tokens: 17 } })}\n\ndata: [DONE]\n\n`)
}
