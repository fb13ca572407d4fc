// Keys that work everywhere. Single letters only outside of text fields.

import { router } from '../lib/router'
import { workspace } from '../lib/session/workspace.svelte'
import { text } from '../lib/text'
import { views } from '../views'
import { overlays } from './overlays.svelte'

/** For the list of shortcuts. */
export const shortcuts: { keys: string[]; does: string }[] = [
  { keys: ['Ctrl K'], does: text.shortcuts.palette },
  { keys: ['n'], does: text.shortcuts.newSession },
  { keys: ['/'], does: text.shortcuts.composer },
  { keys: ['g', 's'], does: text.shortcuts.sessions },
  { keys: ['g', 'a'], does: text.shortcuts.approvals },
  { keys: ['g', 'f'], does: text.shortcuts.artifacts },
  { keys: ['j'], does: text.shortcuts.next },
  { keys: ['k'], does: text.shortcuts.previous },
  { keys: ['y'], does: text.shortcuts.allow },
  { keys: ['x'], does: text.shortcuts.deny },
  { keys: ['Esc'], does: text.shortcuts.stop },
  { keys: ['End'], does: text.shortcuts.end },
  { keys: ['?'], does: text.shortcuts.help },
]

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
}

/** The neighbour of the open session among the recent ones. */
function step(by: 1 | -1): void {
  const paths = workspace.recent.map((session) => `/app/sessions/${session.sessionId}`)
  const here = paths.indexOf(router.path)
  const next = here < 0 ? paths[0] : paths[here + by]
  if (next) router.go(next)
}

export function listenForShortcuts(): () => void {
  let afterG = 0
  const listener = (event: KeyboardEvent) => {
    if ((event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === 'k') {
      event.preventDefault()
      overlays.open('palette')
      return
    }
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || document.querySelector('dialog[open]')) return
    if (Date.now() - afterG < 1200) {
      afterG = 0
      const view = views.find((one) => one.key === event.key && one.may())
      if (view) {
        event.preventDefault()
        router.go(view.path)
      }
      return
    }
    const act: Record<string, () => void> = {
      g: () => (afterG = Date.now()),
      n: () => router.go('/app'),
      '?': () => overlays.open('shortcuts'),
      '/': () => document.querySelector<HTMLElement>('[data-composer]')?.focus(),
      j: () => step(1),
      k: () => step(-1),
      y: () => document.querySelector<HTMLElement>('[data-allow]')?.click(),
      x: () => document.querySelector<HTMLElement>('[data-deny]')?.click(),
      Escape: () => document.querySelector<HTMLElement>('[data-stop]')?.click(),
    }
    const action = act[event.key]
    if (!action) return
    event.preventDefault()
    action()
  }
  addEventListener('keydown', listener)
  return () => removeEventListener('keydown', listener)
}
