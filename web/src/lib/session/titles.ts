// What a session is called. The server names a new one "New session" for good, so its first prompt names it here.

import type { Schema } from '../api'
import { text } from '../text'

const UNNAMED = new Set(['', 'New session'])
const LONGEST = 80

/** One line of a text, short enough for a heading. */
export function headline(prompt: string): string {
  const words = prompt
    .replace(/\[\[[^\]]*\]\]/g, ' ')
    .replace(/[#*`_>]+/g, '')
    .replace(/\s+/g, ' ')
    .trim()
  return words.length > LONGEST ? `${words.slice(0, LONGEST - 1).trimEnd()}…` : words
}

export function titleOf(session: { title?: string | null; firstPrompt?: string | null }): string {
  if (!UNNAMED.has(session.title ?? '')) return session.title ?? ''
  const from = session.firstPrompt ? headline(session.firstPrompt) : ''
  return from === '' ? text.sessions.untitled : from
}

export type Session = Schema['SessionRecord'] & { firstPrompt?: string | null }
