// Paths without a hash, below /app. Plain `<a href="/app/…">` elements are enough: clicks on them are taken here.

/** What a pattern such as `/app/sessions/:id` found in a path. */
export type Parameters = Record<string, string>

export function match(pattern: string, path: string): Parameters | null {
  const wanted = pattern.split('/').filter(Boolean)
  const given = path.split('/').filter(Boolean)
  if (wanted.length !== given.length) return null
  const found: Parameters = {}
  for (const [index, segment] of wanted.entries()) {
    const here = given[index] ?? ''
    if (segment.startsWith(':')) {
      try {
        found[segment.slice(1)] = decodeURIComponent(here)
      } catch {
        return null
      }
    } else if (segment !== here) return null
  }
  return found
}

function normal(path: string): string {
  if (path === '/' || path === '/index.html') return '/app'
  return path.length > 1 ? path.replace(/\/+$/, '') : path
}

class Router {
  path = $state(normal(location.pathname))
  query = $state.raw(new URLSearchParams(location.search))
  /** Counts every move; views that want to react to the same path again watch it. */
  moves = $state(0)
  /** Asked before leaving the page or view, where something would be lost. */
  #guard: (() => boolean) | null = null

  constructor() {
    addEventListener('popstate', () => this.#read())
    document.addEventListener('click', (event) => {
      if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
      const link = (event.target as Element | null)?.closest?.('a')
      if (!link || link.target || link.hasAttribute('download') || link.origin !== location.origin) return
      if (normal(link.pathname) !== '/app' && !link.pathname.startsWith('/app/')) return
      event.preventDefault()
      this.go(link.pathname + link.search)
    })
  }

  go(to: string, options: { replace?: boolean } = {}): void {
    if (this.#guard && !this.#guard()) return
    const url = new URL(to, location.origin)
    if (options.replace) history.replaceState(null, '', url)
    else if (url.pathname + url.search !== location.pathname + location.search) history.pushState(null, '', url)
    this.#read()
  }

  /** Changes the query of the present path; without a new entry in the history, unless Back is to undo it. */
  setQuery(changes: Record<string, string | null>, options: { push?: boolean } = {}): void {
    const query = new URLSearchParams(location.search)
    for (const [name, value] of Object.entries(changes)) {
      if (value === null || value === '') query.delete(name)
      else query.set(name, value)
    }
    const search = query.toString()
    const to = location.pathname + (search ? `?${search}` : '')
    if (options.push) history.pushState(null, '', to)
    else history.replaceState(null, '', to)
    this.query = query
  }

  /** Sets what is asked before leaving; false stays. Returns how to remove it. */
  guard(ask: () => boolean): () => void {
    this.#guard = ask
    return () => {
      if (this.#guard === ask) this.#guard = null
    }
  }

  #read(): void {
    this.path = normal(location.pathname)
    this.query = new URLSearchParams(location.search)
    this.moves += 1
  }
}

export const router = new Router()
