// Names of accounts, for lists that know only ids. A courtesy: whoever may not see the members sees the ids.

import { api } from './api'
import { me } from './me'

class People {
  #names = $state.raw<ReadonlyMap<string, string>>(new Map())
  #asked = 0

  /** Reads the members, if the caller may and nobody did a moment ago. */
  load(): void {
    if (!me.can('members:read') || Date.now() - this.#asked < 30_000) return
    this.#asked = Date.now()
    api.get('/api/admin/members', { query: { limit: 500 } }).then(
      ({ members }) => (this.#names = new Map(members.map((member) => [member.accountId, member.displayName || member.email || member.accountId]))),
      () => {},
    )
  }

  nameOf(accountId: string): string {
    return this.#names.get(accountId) ?? accountId
  }
}

export const people = new People()
