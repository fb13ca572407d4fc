// Provider keys (contract 03 §1). The key goes to the server and comes back from nowhere.

import { request } from '../../../lib/api'

export type KeyStatus = 'pending_validation' | 'active' | 'disabled' | 'expired' | 'invalid' | 'unsupported'

/** All that is ever told about a key. */
export interface ProviderKey {
  secretId: string
  providerId: string
  status: KeyStatus
  credentialKind: 'plaintext' | 'kms_ref'
  last4: string | null
  lastValidatedAt: string | null
  validationError: string | null
  /** Who let it in: the provider, or an override. */
  validationSource?: 'validator' | 'override' | null
  /** How it does beyond its status: a check may be under way, a key in use may have been refused once. */
  health?: 'unchecked' | 'checking' | 'healthy' | 'doubtful' | 'failed' | 'off'
  createdAt: string
  updatedAt: string
}

/** Whether an answer of the provider is still to come. */
export const isChecking = (key: ProviderKey): boolean => (key.health ? key.health === 'checking' : key.status === 'pending_validation' && !key.validationError)

const path = (provider: string, verb = '') => `/api/byok/${encodeURIComponent(provider)}${verb}`

export const listKeys = (signal: AbortSignal) => request<{ secrets: ProviderKey[] }>('get', '/api/byok', { signal }).then((answer) => answer.secrets)

export const readKey = (provider: string) => request<{ secret: ProviderKey | null }>('get', path(provider)).then((answer) => answer.secret)

export const saveKey = (provider: string, credential: { apiKey: string } | { kmsRef: string }) =>
  request<{ secret: ProviderKey }>('post', path(provider), { body: credential }).then((answer) => answer.secret)

export const validateKey = (provider: string) => request<{ secret: ProviderKey | null; validated: boolean }>('post', path(provider, '/validate'), { body: {} })

export const overrideKey = (provider: string, reason: string) => request<{ overridden: boolean }>('post', path(provider, '/override'), { body: { reason } })

export const disableKey = (provider: string) => request<{ disabled: boolean }>('delete', path(provider))
