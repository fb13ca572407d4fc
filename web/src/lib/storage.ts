// What this browser remembers: the theme, drafts, messages on their way, and whose they are. Never a credential: those are in cookies that scripts cannot read.

const PREFIX = 'cowork.'

export function recall(key: string): string | null {
  try {
    return localStorage.getItem(PREFIX + key)
  } catch {
    return null
  }
}

/** The keys that begin so. */
export function recallAll(beginning: string): string[] {
  try {
    return Object.keys(localStorage)
      .filter((key) => key.startsWith(PREFIX + beginning))
      .map((key) => key.slice(PREFIX.length))
  } catch {
    return []
  }
}

export function remember(key: string, value: string | null): void {
  try {
    if (value === null || value === '') localStorage.removeItem(PREFIX + key)
    else localStorage.setItem(PREFIX + key, value)
  } catch {
    // Storage may be full or closed to us; the page works without it.
  }
}

/** Calls when another tab remembers something else under a key. */
export function onRemembered(key: string, handler: (value: string | null) => void): void {
  addEventListener('storage', (event) => {
    if (event.key === PREFIX + key) handler(event.newValue)
  })
}

/** At sign-out: the next person at this browser sees no drafts, and no messages that were on their way. */
export function forgetDrafts(): void {
  for (const key of [...recallAll('draft.'), ...recallAll('outgoing.')]) remember(key, null)
}
