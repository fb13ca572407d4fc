// What this browser remembers: the theme, unsent drafts and whose they are. Never a credential: those are in cookies that scripts cannot read.

const PREFIX = 'cowork.'

export function recall(key: string): string | null {
  try {
    return localStorage.getItem(PREFIX + key)
  } catch {
    return null
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

/** At sign-out: the next person at this browser sees no drafts. */
export function forgetDrafts(): void {
  try {
    for (const key of Object.keys(localStorage)) if (key.startsWith(`${PREFIX}draft.`)) localStorage.removeItem(key)
  } catch {
    // As above.
  }
}
