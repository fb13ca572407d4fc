// What a transcript is made of. Each entry is one object for its whole life, and its fields are reactive: a word that arrives
// touches one text node, not the transcript.

import type { Schema } from '../api'
import type { Approval, Inquiry } from './pending'
import { reveal } from './reveal'

export type Attachment = Schema['Attachment']

/** `order` is the sequence of the event that began the entry. */
interface Place {
  readonly key: string
  readonly order: number
}

export class MessageEntry implements Place {
  readonly kind = 'message'
  /** What the server said so far. */
  content = ''
  /** What is drawn of it; runs after `content`, word by word. */
  shown = $state('')
  /** More may come. */
  isStreaming = $state(false)
  at = $state('')
  attachments = $state.raw<Attachment[]>([])

  constructor(readonly key: string, readonly order: number, readonly role: Schema['MessageRole']) {}

  /** The whole text at once, as history is. */
  put(content: string): void {
    this.content = content
    this.shown = content
  }

  append(delta: string): void {
    this.content += delta
    this.isStreaming = true
    reveal(this)
  }

  /** The final text of a turn. Usually it is what has streamed already. */
  replace(content: string): void {
    this.content = content
    if (!content.startsWith(this.shown)) this.shown = content
    this.isStreaming = false
    reveal(this)
  }

  get isEmpty(): boolean {
    return this.shown === '' && !this.isStreaming && this.attachments.length === 0
  }
}

export class ToolEntry implements Place {
  readonly kind = 'tool'
  name = $state('')
  input = $state.raw<Record<string, unknown>>({})
  status = $state<Schema['ToolStatus']>('running')
  output = $state<string | null>(null)
  attachments = $state.raw<Attachment[]>([])

  constructor(readonly key: string, readonly order: number) {}
}

export class TaskEntry implements Place {
  readonly kind = 'task'
  title = $state('')
  agent = $state<string | null>(null)
  status = $state<'queued' | 'running' | 'complete' | 'error'>('queued')
  content = $state('')
  error = $state<string | null>(null)
  transcript = $state.raw<{ id: string; content: string }[]>([])
  tools = $state.raw<ToolEntry[]>([])

  constructor(readonly key: string, readonly order: number) {}
}

export class RequestEntry implements Place {
  readonly kind = 'request'
  /** How it ended; null while it waits. */
  outcome = $state<'allowed' | 'denied' | 'answered' | 'skipped' | null>(null)
  answers = $state.raw<string[]>([])

  constructor(readonly key: string, readonly order: number, readonly request: Approval | Inquiry) {}
}

export class ArtifactEntry implements Place {
  readonly kind = 'artifact'
  filename = $state('')
  contentType = $state<string | null>(null)
  size = $state(0)

  constructor(readonly key: string, readonly order: number, readonly artifactId: string) {}
}

export class NoteEntry implements Place {
  readonly kind = 'note'

  constructor(readonly key: string, readonly order: number, readonly tone: 'error' | 'info', readonly message: string) {}
}

export type Entry = MessageEntry | ToolEntry | TaskEntry | RequestEntry | ArtifactEntry | NoteEntry
