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

/** Without the characters that turn the direction of whatever comes after them, as far as the line goes. */
export function undirected(title: string): string {
  return title.replace(/[\u202a-\u202e\u2066-\u2069]/g, '')
}

export function titleOf(session: { title?: string | null; firstPrompt?: string | null }): string {
  const title = undirected(session.title ?? '')
  if (!UNNAMED.has(title)) return title
  const from = session.firstPrompt ? undirected(headline(session.firstPrompt)) : ''
  return from === '' ? text.sessions.untitled : from
}

export type Session = Schema['SessionRecord'] & { firstPrompt?: string | null }
