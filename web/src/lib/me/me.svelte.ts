// Who is signed in, and what is reachable for them. Views ask here and nowhere else.

import { api, bootstrap, ApiError, type Branding, type Schema } from '../api'
import { onSignedOut, request, setCsrfToken } from '../api/client'
import { forgetDrafts, onRemembered, recall, remember } from '../storage'

export type Permission =
  | 'org:read' | 'org:manage' | 'members:read' | 'members:manage' | 'roles:manage' | 'sso:manage' | 'api_tokens:read'
  | 'api_tokens:manage' | 'billing:manage' | 'policy:manage' | 'audit:read' | 'sessions:read' | 'sessions:write'
  | 'workflows:manage' | 'operations:view' | 'diagnostics:view'

/** Where this browser remembers whose it is, so that its tabs and the next visit notice somebody else. */
const PERSON = 'person'

type State = 'starting' | 'ready' | 'signed-out' | 'refused' | 'unreachable'

class MeStore {
  state = $state<State>('starting')
  /** Why the page cannot start, in the states `refused` and `unreachable`. */
  problem = $state.raw<ApiError | null>(null)
  principal = $state.raw<Schema['Principal'] | null>(null)
  workspace = $state.raw<Schema['Workspace'] | null>(null)
  features = $state.raw<Record<string, boolean>>({})
  allowedAgents = $state.raw<string[] | null>(null)
  branding = $state.raw<Branding>(bootstrap.branding)
  /** Whether this browser holds a session cookie, that is: whether there is something to sign out of. */
  hasCookie = $state(false)
  #permissions = $state.raw<ReadonlySet<string>>(new Set())
  #role = $state<string>('member')

  constructor() {
    onSignedOut(
      () => {
        if (this.state === 'ready' && this.principal?.authSource !== 'local') this.state = 'signed-out'
      },
      async () => {
        const me = await request<Schema['Me']>('get', '/auth/me')
        if (this.#isSomebodyElse(me.principal.accountId)) await this.#startAnew()
        setCsrfToken(me.csrfToken ?? null)
      },
    )
    onRemembered(PERSON, (accountId) => {
      if (accountId !== null && this.#isSomebodyElse(accountId)) void this.#startAnew()
    })
  }

  /** Finds out who we are. Safe to repeat: after signing in again in another tab, or when the server came back. */
  async load(): Promise<void> {
    try {
      const me = await request<Schema['Me']>('get', '/auth/me', { quiet: true })
      if (this.#isSomebodyElse(me.principal.accountId)) await this.#startAnew()
      this.#welcome(me.principal.accountId)
      setCsrfToken(me.csrfToken ?? null)
      this.hasCookie = (me.csrfToken ?? null) !== null
      // Reading the workspace takes a newcomer in, once; only after that others agree who this is and what they may do.
      const workspace = await api.get('/api/workspace')
      const [config, access] = await Promise.all([api.get('/api/config'), api.get('/api/admin/access')])
      this.principal = me.principal
      this.workspace = workspace
      this.features = config.features
      this.allowedAgents = config.allowedAgents ?? null
      this.branding = { ...bootstrap.branding, ...((config.publicBranding as Partial<Branding> | null) ?? {}) }
      this.#permissions = new Set(access.access.permissions)
      this.#role = workspace.role
      this.problem = null
      this.state = 'ready'
    } catch (error) {
      this.problem = error instanceof ApiError ? error : null
      if (!(error instanceof ApiError)) throw error
      if (error.status === 401) this.state = 'signed-out'
      else if (error.status === 403) this.state = 'refused'
      else if (this.state !== 'ready') this.state = 'unreachable'
    }
  }

  #isSomebodyElse(accountId: string): boolean {
    return this.principal !== null && this.principal.accountId !== accountId
  }

  /** What this page shows and remembers belongs to the one before; a request of theirs must not be repeated for the next. */
  #startAnew(): Promise<never> {
    forgetDrafts()
    location.reload()
    return new Promise(() => {})
  }

  /** Drafts that somebody else left in this browser are not shown. */
  #welcome(accountId: string): void {
    const before = recall(PERSON)
    if (before !== null && before !== accountId) forgetDrafts()
    remember(PERSON, accountId)
  }

  get role(): string {
    return this.#role
  }

  get email(): string {
    return this.workspace?.email ?? this.principal?.email ?? ''
  }

  /** A built-in or custom role grants it; the local principal may do everything that a person may. */
  can(permission: Permission): boolean {
    return this.principal?.authSource === 'local' || this.#permissions.has(permission)
  }

  has(feature: string): boolean {
    return this.features[feature] === true
  }

  /** Operator pages: the local principal alone. People with roles are refused by the server (contract 00 §4). */
  get isOperator(): boolean {
    return this.principal?.authSource === 'local'
  }

  /** Where signing in starts, with the way back. */
  get loginUrl(): string {
    const here = location.pathname + location.search
    return `/auth/login?returnTo=${encodeURIComponent(here.startsWith('/app') ? here : '/app')}`
  }

  async signOut(everywhere = false): Promise<void> {
    await request('post', '/auth/logout', { body: everywhere ? { everywhere: true } : {} })
    setCsrfToken(null)
    this.hasCookie = false
    this.state = 'signed-out'
  }
}

export const me = new MeStore()
