// A policy while somebody edits it.

import type { Schema } from '../../../lib/api'

export interface PolicyDraft {
  allowedProviders: string[] | null
  deniedProviders: string[]
  allowedModels: string[] | null
  deniedModels: string[]
  keyManagement: string
  extensions: Record<string, boolean>
  permissionCeilings: Record<string, string>
  /** Empty is none. */
  updateChannel: string
}

export function draftOf(view: Schema['ManagedPolicyView']): PolicyDraft {
  return {
    allowedProviders: view.allowedProviders ?? null,
    deniedProviders: view.deniedProviders ?? [],
    allowedModels: view.allowedModels ?? null,
    deniedModels: view.deniedModels ?? [],
    keyManagement: view.keyManagement ?? 'any',
    extensions: { ...view.extensions },
    permissionCeilings: { ...view.permissionCeilings },
    updateChannel: view.updateChannel ?? '',
  }
}

/** Only what differs, so that a colleague's change to another part stays. */
export function requestOf(draft: PolicyDraft, stored: PolicyDraft): Schema['ManagedPolicyRequest'] {
  const request: Record<string, unknown> = {}
  for (const name of Object.keys(draft) as (keyof PolicyDraft)[]) {
    if (JSON.stringify(draft[name]) !== JSON.stringify(stored[name])) request[name] = draft[name]
  }
  if ('updateChannel' in request) request.updateChannel = draft.updateChannel.trim() || null
  return request
}
