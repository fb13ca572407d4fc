// Colours for code, loaded when the first block of code is seen. The result is spans of text, never HTML.

import hljs from 'highlight.js/lib/core'
import bash from 'highlight.js/lib/languages/bash'
import c from 'highlight.js/lib/languages/c'
import cpp from 'highlight.js/lib/languages/cpp'
import csharp from 'highlight.js/lib/languages/csharp'
import css from 'highlight.js/lib/languages/css'
import diff from 'highlight.js/lib/languages/diff'
import dockerfile from 'highlight.js/lib/languages/dockerfile'
import go from 'highlight.js/lib/languages/go'
import ini from 'highlight.js/lib/languages/ini'
import java from 'highlight.js/lib/languages/java'
import javascript from 'highlight.js/lib/languages/javascript'
import json from 'highlight.js/lib/languages/json'
import markdown from 'highlight.js/lib/languages/markdown'
import php from 'highlight.js/lib/languages/php'
import python from 'highlight.js/lib/languages/python'
import ruby from 'highlight.js/lib/languages/ruby'
import rust from 'highlight.js/lib/languages/rust'
import sql from 'highlight.js/lib/languages/sql'
import typescript from 'highlight.js/lib/languages/typescript'
import xml from 'highlight.js/lib/languages/xml'
import yaml from 'highlight.js/lib/languages/yaml'
import { unescaped } from './blocks'

const languages = { bash, c, cpp, csharp, css, diff, dockerfile, go, ini, java, javascript, json, markdown, php, python, ruby, rust, sql, typescript, xml, yaml }
for (const [name, language] of Object.entries(languages)) hljs.registerLanguage(name, language)
hljs.registerAliases(['toml'], { languageName: 'ini' })
hljs.registerAliases(['svelte', 'vue'], { languageName: 'xml' })

export interface Span {
  text: string
  kind: string
}

const LONGEST = 60_000

/** The coloured parts of a text, or null where the language is unknown. */
export function highlight(code: string, language: string): Span[] | null {
  if (code.length > LONGEST || !hljs.getLanguage(language)) return null
  const html = hljs.highlight(code, { language, ignoreIllegals: true }).value
  const spans: Span[] = []
  const kinds: string[] = []
  for (const [part] of html.matchAll(/<span class="[^"]*">|<\/span>|[^<]+/g)) {
    if (part === '</span>') kinds.pop()
    else if (part.startsWith('<span')) kinds.push(kindOf(part))
    else spans.push({ text: unescaped(part), kind: kinds.findLast((kind) => kind !== '') ?? '' })
  }
  return spans
}

/** Six colours are enough for all of the highlighter's classes. */
function kindOf(tag: string): string {
  const name = /hljs-([\w-]+)/.exec(tag)?.[1] ?? ''
  if (['comment', 'quote', 'meta'].includes(name)) return 'comment'
  if (['keyword', 'selector-tag', 'literal', 'deletion', 'doctag'].includes(name)) return 'keyword'
  if (['string', 'regexp', 'addition', 'char', 'code'].includes(name)) return 'string'
  if (['number', 'symbol', 'bullet', 'link'].includes(name)) return 'number'
  if (['title', 'function', 'section', 'name', 'selector-id', 'selector-class'].includes(name)) return 'title'
  if (['type', 'built_in', 'class', 'attr', 'attribute', 'variable', 'property', 'params'].includes(name)) return 'type'
  return ''
}
