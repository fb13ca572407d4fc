// Answering what waits for a person; the same from a chat and from the queue.

import { api } from '../api'

export async function respond(sessionId: string, permissionId: string, allowed: boolean): Promise<void> {
  await api.post('/api/sessions/{id}/permission-respond', { path: { id: sessionId }, body: { permissionId, response: { allowed } } })
}

/** One list of chosen labels for each question. */
export async function reply(sessionId: string, requestId: string, answers: string[][]): Promise<void> {
  await api.post('/api/sessions/{id}/question-reply', { path: { id: sessionId }, body: { requestId, answers } })
}

export async function skip(sessionId: string, requestId: string): Promise<void> {
  await api.post('/api/sessions/{id}/question-reject', { path: { id: sessionId }, body: { requestId } })
}
