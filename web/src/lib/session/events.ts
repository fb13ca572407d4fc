// Event records as the socket brings them (contract 01 §5).

import type { Schema } from '../api'

export type EventName = Schema['EventType']

/** A session's event; the workspace topic brings the same with a sequence of its own. */
export interface SessionEvent {
  sessionId: string
  eventId: string
  sequence: number
  type: EventName
  payload: Record<string, unknown>
  createdAt: string
  /** Only on the workspace topic: the sequence within the session. */
  projectionVersion?: number
}

export const asText = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null)
export const asRecord = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}
export const asList = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])

/** The id of an approval or a question, under any of the names that it may have. */
export function requestIdOf(payload: Record<string, unknown>): string | null {
  return asText(payload.permissionId) ?? asText(payload.requestId) ?? asText(payload.requestID) ?? asText(payload.id)
}
