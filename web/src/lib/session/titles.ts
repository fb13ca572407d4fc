// What a session is called. One that was made without a title is named by its first prompt, as far as this page saw it.

import type { Schema } from '../api'
import { text } from '../text'

const UNNAMED = new Set(['', 'New session'])
const LONGEST = 80

/** One line of a text, short enough for a heading. */
export function headline(prompt: string): string {
  const line = prompt.split('\n').find((one) => one.replace(/\[\[[^\]]*\]\]|[#*`_>\s-]/g, '') !== '') ?? ''
  const words = line
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
