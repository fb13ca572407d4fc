// Messages on their way. They are kept in this browser until the session shows them, so that a page that is loaded anew has them too.

import { ApiError } from '../api'
import { recall, recallAll, remember } from '../storage'
import { text as words } from '../text'
import { asRecord, asText } from './events'

/** A message that nobody came back for, or that never had its turn, is forgotten after a day. */
const KEPT_MS = 24 * 60 * 60_000
/** What is longer is kept only while the page is open. */
const MOST = 100_000

export class Outgoing {
  state = $state<'sending' | 'queued' | 'failed'>('sending')
  error = $state.raw<ApiError | null>(null)
  /** Given when the server took it. */
  commandId: string | null = null
  readonly key: string

  constructor(
    readonly sessionId: string,
    readonly text: string,
    readonly agent?: string,
    /** The same for every try, so that a message whose answer was lost is not sent twice. */
    readonly idempotencyKey: string = crypto.randomUUID(),
    readonly at = Date.now(),
  ) {
    this.key = `outgoing:${idempotencyKey}`
  }

  /** The entry of the transcript that takes its place. */
  get entryKey(): string | null {
    return this.commandId === null ? null : `message:${this.commandId}:user`
  }

  keep(): void {
    const { text, agent, commandId, at } = this
    if (text.length < MOST) remember(`${placeOf(this.sessionId)}${this.idempotencyKey}`, JSON.stringify({ text, agent, commandId, at }))
  }

  forget(): void {
    remember(`${placeOf(this.sessionId)}${this.idempotencyKey}`, null)
  }
}

const placeOf = (sessionId: string) => `outgoing.${sessionId}.`

/** What was on its way when the page was left, oldest first. */
export function keptOutgoing(sessionId: string): Outgoing[] {
  const place = placeOf(sessionId)
  const messages = recallAll(place).map((key) => {
    const { text, agent, commandId, at } = asRecord(parsed(recall(key)))
    const message = new Outgoing(sessionId, asText(text) ?? '', asText(agent) ?? undefined, key.slice(place.length), typeof at === 'number' ? at : 0)
    message.commandId = asText(commandId)
    message.state = message.commandId === null ? 'failed' : 'queued'
    if (message.state === 'failed') message.error = new ApiError(words.chat.notSentBefore, 0, null, null)
    return message
  })
  for (const message of messages) if (!isWorthKeeping(message)) message.forget()
  return messages.filter(isWorthKeeping).sort((a, b) => a.at - b.at)
}

function isWorthKeeping({ text, at }: Outgoing): boolean {
  return text !== '' && Date.now() - at < KEPT_MS
}

function parsed(value: string | null): unknown {
  try {
    return JSON.parse(value ?? 'null')
  } catch {
    return null
  }
}
