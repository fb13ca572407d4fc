// Markdown to tokens, as cheaply as streaming needs it: what is finished is read once, only the end is read again.

import { Lexer, type Token, type TokensList } from 'marked'

export interface Block {
  token: Token
  /** Closed: no later text can change it. */
  isDone: boolean
}

const lexer = (source: string): TokensList => new Lexer({ gfm: true, breaks: false }).lex(source)

export class BlockReader {
  #source = ''
  #blocks: Block[] = []
  /** Where the text of each block begins. */
  #starts: number[] = []

  /** The blocks of a text that grows. */
  read(text: string, isStreaming: boolean): Block[] {
    const source = text.replace(/\r\n?/g, '\n')
    // The last two blocks may still turn into something else: a paragraph into a table, a list into a longer one.
    // What ends a text may be what links at its beginning refer to: at last everything is read once more.
    const kept = isStreaming && source.startsWith(this.#source) && this.#source !== '' ? Math.max(0, this.#blocks.length - 2) : 0
    const from = kept > 0 ? (this.#starts[kept] ?? 0) : 0
    const blocks = this.#blocks.slice(0, kept)
    const starts = this.#starts.slice(0, kept)
    this.#source = source
    const tail = source.slice(from)
    let at = from
    for (const token of lexer(isStreaming ? closed(tail) : tail)) {
      blocks.push({ token, isDone: true })
      starts.push(at)
      at += token.raw.length
    }
    if (isStreaming) for (const block of blocks.slice(-2)) block.isDone = false
    else for (const block of blocks) block.isDone = true
    this.#blocks = blocks
    this.#starts = starts
    return blocks.filter((block) => block.token.type !== 'space' && block.token.type !== 'def')
  }
}

/** Closes what is open at the end of a text that still grows, so that `**bo` is bold at once and not two stars first. */
export function closed(text: string): string {
  if (((text.match(/^(?:```|~~~)/gm) ?? []).length & 1) === 1) return text
  const cut = text.lastIndexOf('\n\n')
  const head = text.slice(0, cut + 1)
  let end = text.slice(cut + 1)
  // A link without its end: its words alone.
  end = end.replace(/!?\[([^\]\n]*)(?:\]\([^)\n]*)?$/, '$1')
  const outside = end.replace(/`[^`\n]*`/g, '')
  if (((outside.match(/`/g) ?? []).length & 1) === 1) return head + end + '`'
  const bold = (outside.match(/\*\*/g) ?? []).length & 1
  if (bold) return head + (/\*\*\s*$/.test(end) ? end.replace(/\*\*\s*$/, '') : end.replace(/\*?$/, '') + '**')
  const single = (outside.replace(/\*\*/g, '').match(/(?<![\s*])\*|\*(?![\s*])/g) ?? []).length & 1
  if (single) return head + (/\*$/.test(end) ? end.slice(0, -1) : `${end}*`)
  return text
}

/** An address that may be a link: nothing that runs, nothing local. */
export function safeHref(href: string): string | null {
  try {
    const url = new URL(href)
    return ['https:', 'http:', 'mailto:'].includes(url.protocol) ? url.href : null
  } catch {
    return null
  }
}

/** Text with its entities as the characters that they name; the lexer leaves them as they are. */
export function unescaped(text: string): string {
  return text.replace(/&(?:#\d{1,7}|#x[\da-f]{1,6}|[a-z][a-z\d]{1,31});/gi, characterOf)
}

const characters = new Map<string, string>()

/** The browser knows all names. It takes the beginning of a longer word for one, too; Markdown does not. */
function characterOf(entity: string): string {
  const known = characters.get(entity)
  if (known !== undefined) return known
  const reader = document.createElement('textarea')
  reader.innerHTML = entity
  const character = reader.value.length <= 2 ? reader.value : entity
  characters.set(entity, character)
  return character
}
