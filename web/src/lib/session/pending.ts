// What waits for a person: a consent or an answer.

import type { Schema } from '../api'
import { asList, asRecord, asText, requestIdOf, type SessionEvent } from './events'

export type Question = Schema['Question']

export interface Approval {
  kind: 'approval'
  id: string
  sessionId: string
  tool: string
  description: string
  input: Record<string, unknown>
  askedAt: string
}

export interface Inquiry {
  kind: 'question'
  id: string
  sessionId: string
  questions: Question[]
  askedAt: string
}

export type Pending = Approval | Inquiry

/** Questions as they are drawn; entries without text are none. */
export function questionsOf(value: unknown): Question[] {
  return asList(value).flatMap((one) => {
    const given = asRecord(one)
    const question = asText(given.question)
    if (question === null) return []
    const options = asList(given.options).flatMap((option) => {
      const label = typeof option === 'string' ? option : asText(asRecord(option).label)
      return label === null ? [] : [{ label, description: asText(asRecord(option).description) ?? '' }]
    })
    return [{ header: asText(given.header) ?? '', question, options, multiple: given.multiple === true, custom: given.custom !== false }]
  })
}

/** What an event asks for, if it asks for something. */
export function pendingOf(event: SessionEvent): Pending | null {
  const id = requestIdOf(event.payload)
  if (id === null) return null
  if (event.type === 'permission.requested') {
    const tool = asText(event.payload.tool) ?? 'permission'
    return {
      kind: 'approval',
      id,
      sessionId: event.sessionId,
      tool,
      description: asText(event.payload.description) ?? tool,
      input: asRecord(event.payload.input),
      askedAt: event.createdAt,
    }
  }
  if (event.type === 'question.asked') {
    return { kind: 'question', id, sessionId: event.sessionId, questions: questionsOf(event.payload.questions), askedAt: event.createdAt }
  }
  return null
}

/** What a stored state still asks for. */
export function pendingIn(sessionId: string, view: Schema['ProjectionView']): Pending[] {
  return [
    ...view.pendingApprovals.map(
      (one): Approval => ({
        kind: 'approval',
        id: one.id,
        sessionId,
        tool: one.tool,
        description: one.description,
        input: asRecord(one.input),
        askedAt: view.updatedAt,
      }),
    ),
    ...view.pendingQuestions.map((one): Inquiry => ({ kind: 'question', id: one.id, sessionId, questions: questionsOf(one.questions), askedAt: view.updatedAt })),
  ]
}
