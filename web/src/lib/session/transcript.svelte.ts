// One session as a page shows it: a stored state first, then event by event (contract 01 §5).

import type { Schema } from '../api'
import { ArtifactEntry, MessageEntry, NoteEntry, RequestEntry, TaskEntry, ToolEntry, type Attachment, type Entry } from './entries.svelte'
import { asList, asRecord, asText, requestIdOf, type SessionEvent } from './events'
import { pendingOf, questionsOf, type Approval, type Inquiry } from './pending'
import { statusAfter } from './workspace.svelte'

export type Tokens = Schema['Tokens']
export type Todo = Schema['Todo']

const NO_TOKENS: Tokens = { input: 0, output: 0, reasoning: 0, cacheRead: 0, cacheWrite: 0 }

export class Transcript {
  /** In the order of the log. */
  entries = $state.raw<Entry[]>([])
  title = $state('')
  status = $state<Schema['SessionStatus']>('idle')
  isGenerating = $state(false)
  todos = $state.raw<Todo[]>([])
  cost = $state(0)
  tokens = $state.raw<Tokens>(NO_TOKENS)
  isImported = $state(false)
  firstPrompt = $state<string | null>(null)
  #byKey = new Map<string, Entry>()

  constructor(readonly sessionId: string) {}

  /** What waits for a person, in the order in which it was asked. */
  get waiting(): RequestEntry[] {
    return this.entries.filter((entry): entry is RequestEntry => entry.kind === 'request' && entry.outcome === null)
  }

  has(key: string): boolean {
    return this.#byKey.has(key)
  }

  /** A stored state takes the place of everything known; entries that stay keep their identity, so nothing flickers. */
  restore(view: Schema['ProjectionView'], sequence: number): void {
    const before = this.#byKey
    this.#byKey = new Map()
    const keep = <T extends Entry>(made: T): T => {
      const known = before.get(made.key)
      const entry = known && known.constructor === made.constructor && known.order === made.order ? (known as T) : made
      this.#byKey.set(entry.key, entry)
      return entry
    }
    let place = 0
    for (const message of view.messages) {
      // States written before messages knew their place keep the order that they are stored in.
      place = message.sequence ?? place + 0.001
      const entry = keep(new MessageEntry(`message:${message.id}`, place, message.role))
      entry.put(message.content)
      entry.isStreaming = false
      entry.at = message.createdAt
      entry.attachments = message.attachments ?? []
    }
    for (const call of view.toolCalls) this.#fillTool(keep(new ToolEntry(`tool:${call.id}`, call.order)), call)
    for (const run of view.taskRuns) {
      const given = asRecord(run)
      const entry = keep(new TaskEntry(`task:${String(given.id)}`, Number(given.order ?? 0)))
      this.#fillTask(entry, given)
      entry.tools = asList(given.toolCalls).map((one) => {
        const tool = new ToolEntry(`tool:${String(asRecord(one).id)}`, Number(asRecord(one).order ?? 0))
        this.#fillTool(tool, asRecord(one))
        return tool
      })
    }
    for (const one of view.pendingApprovals) {
      const approval: Approval = { kind: 'approval', id: one.id, sessionId: this.sessionId, tool: one.tool, description: one.description, input: asRecord(one.input), askedAt: view.updatedAt }
      keep(new RequestEntry(`request:${one.id}`, one.order, approval)).outcome = null
    }
    for (const one of view.pendingQuestions) {
      const inquiry: Inquiry = { kind: 'question', id: one.id, sessionId: this.sessionId, questions: questionsOf(one.questions), askedAt: view.updatedAt }
      keep(new RequestEntry(`request:${one.id}`, sequence, inquiry)).outcome = null
    }
    for (const one of view.resolvedApprovals) {
      const given = asRecord(one)
      const approval: Approval = { kind: 'approval', id: String(given.id), sessionId: this.sessionId, tool: String(given.tool ?? ''), description: String(given.description ?? ''), input: {}, askedAt: String(given.resolvedAt ?? '') }
      keep(new RequestEntry(`request:${approval.id}`, Number(given.order ?? 0), approval)).outcome = given.allowed === true ? 'allowed' : 'denied'
    }
    for (const one of view.resolvedQuestions) {
      const given = asRecord(one)
      const inquiry: Inquiry = { kind: 'question', id: String(given.id), sessionId: this.sessionId, questions: questionsOf(given.questions), askedAt: String(given.resolvedAt ?? '') }
      const entry = keep(new RequestEntry(`request:${inquiry.id}`, Number(given.order ?? 0), inquiry))
      entry.outcome = given.rejected === true ? 'skipped' : 'answered'
      entry.answers = answersOf(given.answers)
    }
    for (const one of view.errors) keep(new NoteEntry(`error:${one.id}`, one.order, 'error', one.message))
    for (const one of view.artifacts) {
      const given = asRecord(one)
      const id = asText(given.artifactId) ?? asText(given.id)
      if (id !== null) this.#fillArtifact(keep(new ArtifactEntry(`artifact:${id}`, Number(given.order ?? sequence), id)), given)
    }
    this.entries = [...this.#byKey.values()].sort((a, b) => a.order - b.order)
    this.title = view.title
    this.firstPrompt = view.messages.find((message) => message.role === 'user')?.content ?? null
    this.status = view.status
    this.isGenerating = view.isGenerating
    this.todos = view.todos
    this.cost = view.sessionCost
    this.tokens = view.sessionTokens
    this.isImported = view.origin !== null && view.origin !== undefined
  }

  /** Folds one event; each is given once, in order. */
  apply(event: SessionEvent): void {
    const { payload, sequence, createdAt } = event
    this.status = statusAfter(event, this.status)
    switch (event.type) {
      case 'session.created':
        this.title = asText(payload.title) ?? this.title
        break
      case 'session.imported':
        this.isImported = true
        break
      case 'prompt.submitted': {
        const id = asText(payload.messageId) ?? `${this.sessionId}:${sequence}:user`
        const entry = this.#entry(`message:${id}`, () => new MessageEntry(`message:${id}`, sequence, 'user'))
        entry.put(String(payload.text ?? ''))
        entry.at = createdAt
        entry.attachments = asList(payload.attachments) as Attachment[]
        this.firstPrompt ??= entry.content
        this.isGenerating = true
        break
      }
      case 'assistant.message': {
        const id = asText(payload.messageId) ?? `${this.sessionId}:${sequence}:assistant`
        const content = typeof payload.content === 'string' ? payload.content : ''
        const isDelta = payload.mode === 'append'
        const entry = this.#entry(`message:${id}`, () => new MessageEntry(`message:${id}`, sequence, 'assistant'))
        if (isDelta) entry.append(content)
        else entry.replace(content)
        if (entry.at === '' || !isDelta) entry.at = createdAt
        if (payload.attachments !== undefined) entry.attachments = asList(payload.attachments) as Attachment[]
        break
      }
      case 'tool.call': {
        const id = asText(payload.id) ?? asText(payload.callId) ?? asText(payload.toolCallId) ?? `${this.sessionId}:tool:${sequence}`
        const run = asText(payload.taskRunId)
        if (run === null) this.#fillTool(this.#entry(`tool:${id}`, () => new ToolEntry(`tool:${id}`, sequence)), payload)
        else {
          const task = this.#entry(`task:${run}`, () => new TaskEntry(`task:${run}`, sequence))
          if (task.status === 'queued') task.status = 'running'
          let tool = task.tools.find((one) => one.key === `tool:${id}`)
          if (!tool) {
            tool = new ToolEntry(`tool:${id}`, sequence)
            task.tools = [...task.tools, tool]
          }
          this.#fillTool(tool, payload)
        }
        this.isGenerating = true
        break
      }
      case 'task.run': {
        const id = asText(payload.taskRunId) ?? asText(payload.id) ?? `${this.sessionId}:task:${sequence}`
        this.#fillTask(this.#entry(`task:${id}`, () => new TaskEntry(`task:${id}`, sequence)), payload)
        break
      }
      case 'permission.requested':
      case 'question.asked': {
        const request = pendingOf(event)
        if (request) this.#entry(`request:${request.id}`, () => new RequestEntry(`request:${request.id}`, sequence, request)).outcome = null
        this.isGenerating = false
        break
      }
      case 'permission.resolved':
        this.#resolve(payload, sequence, createdAt, payload.allowed === true || ['allow', 'once', 'always'].includes(String(payload.reply ?? payload.response)) ? 'allowed' : 'denied')
        break
      case 'question.resolved':
        this.#resolve(payload, sequence, createdAt, payload.rejected === true ? 'skipped' : 'answered')
        break
      case 'todos.updated':
        this.todos = asList(payload.todos).flatMap((one) => {
          const { content, status, priority } = asRecord(one)
          return typeof content === 'string' && content !== '' ? [{ content, status: asText(status) ?? 'pending', priority: asText(priority) ?? 'medium' }] : []
        })
        break
      case 'cost.updated': {
        const given = asRecord(payload.tokens)
        const cache = asRecord(given.cache)
        const more = (value: unknown) => (typeof value === 'number' ? value : 0)
        this.cost += more(payload.cost)
        this.tokens = {
          input: this.tokens.input + more(given.input),
          output: this.tokens.output + more(given.output),
          reasoning: this.tokens.reasoning + more(given.reasoning),
          cacheRead: this.tokens.cacheRead + more(given.cacheRead ?? cache.read),
          cacheWrite: this.tokens.cacheWrite + more(given.cacheWrite ?? cache.write),
        }
        break
      }
      case 'artifact.created':
      case 'artifact.updated': {
        const id = asText(payload.artifactId) ?? asText(payload.id)
        if (id !== null) this.#fillArtifact(this.#entry(`artifact:${id}`, () => new ArtifactEntry(`artifact:${id}`, sequence, id)), payload)
        break
      }
      case 'session.status': {
        const reason = asText(payload.reason)
        this.isGenerating = payload.statusType !== 'idle'
        if (reason !== null) this.#add(new NoteEntry(`note:${sequence}`, sequence, 'info', reason))
        break
      }
      case 'session.idle':
        this.#quiet()
        break
      case 'session.aborted':
        this.#quiet()
        this.#add(new NoteEntry(`note:${sequence}`, sequence, 'info', 'aborted'))
        break
      case 'runtime.error': {
        this.#quiet()
        const id = asText(payload.id) ?? asText(payload.commandId) ?? `${this.sessionId}:error:${sequence}`
        this.#add(new NoteEntry(`error:${id}`, sequence, 'error', asText(payload.message) ?? 'Runtime command failed.'))
        break
      }
    }
  }

  #quiet(): void {
    this.isGenerating = false
    for (let index = this.entries.length - 1; index >= 0 && index > this.entries.length - 40; index -= 1) {
      const entry = this.entries[index]
      if (entry?.kind === 'message') entry.isStreaming = false
    }
  }

  #add(entry: Entry): void {
    if (this.#byKey.has(entry.key)) return
    this.#byKey.set(entry.key, entry)
    this.entries = [...this.entries, entry]
  }

  #entry<T extends Entry>(key: string, make: () => T): T {
    const known = this.#byKey.get(key)
    if (known) return known as T
    const made = make()
    this.#add(made)
    return made
  }

  #resolve(payload: Record<string, unknown>, sequence: number, at: string, outcome: RequestEntry['outcome']): void {
    const id = requestIdOf(payload)
    if (id === null) return
    const entry = this.#entry(`request:${id}`, () => {
      const request: Approval = { kind: 'approval', id, sessionId: this.sessionId, tool: asText(payload.tool) ?? 'permission', description: asText(payload.description) ?? '', input: {}, askedAt: at }
      return new RequestEntry(`request:${id}`, sequence, request)
    })
    entry.outcome = outcome
    entry.answers = answersOf(payload.answers)
    this.isGenerating = this.status === 'running' && this.waiting.length === 0
  }

  #fillTool(entry: ToolEntry, given: Record<string, unknown>): void {
    entry.name = asText(given.name) ?? asText(given.tool) ?? entry.name
    const input = asRecord(given.input)
    if (Object.keys(input).length > 0) entry.input = input
    const status = given.status
    entry.status = status === 'complete' || status === 'error' ? status : 'running'
    if (given.output !== undefined && given.output !== null) entry.output = typeof given.output === 'string' ? given.output : JSON.stringify(given.output, null, 2)
    if (given.attachments !== undefined) entry.attachments = asList(given.attachments) as Attachment[]
  }

  #fillTask(entry: TaskEntry, given: Record<string, unknown>): void {
    entry.title = asText(given.title) ?? asText(given.taskTitle) ?? entry.title
    entry.agent = asText(given.agent) ?? entry.agent
    const status = given.status
    entry.status = status === 'running' || status === 'complete' || status === 'error' ? status : 'queued'
    entry.content = asText(given.content) ?? entry.content
    entry.error = asText(given.error)
    const parts = asList(given.transcript).map((part, index) => ({ id: asText(asRecord(part).id) ?? String(index), content: String(asRecord(part).content ?? '') }))
    if (parts.length > 0) entry.transcript = parts
  }

  #fillArtifact(entry: ArtifactEntry, given: Record<string, unknown>): void {
    entry.filename = asText(given.filename) ?? entry.filename
    entry.contentType = asText(given.contentType) ?? asText(given.mime) ?? entry.contentType
    if (typeof given.size === 'number') entry.size = given.size
  }
}

/** Answers as one line per question. */
function answersOf(value: unknown): string[] {
  return asList(value).map((one) => (Array.isArray(one) ? one.map(String).join(', ') : typeof one === 'string' ? one : JSON.stringify(one)))
}
