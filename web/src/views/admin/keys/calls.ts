// Provider keys (contract 03 §1). The key goes to the server and comes back from nowhere.

import { api, type Schema } from '../../../lib/api'

export type KeyRecord = Schema['SecretMetadata']

/** All that is ever told about a provider's keys. */
export interface ProviderKey {
  /** The latest, whatever became of it. */
  latest: KeyRecord
  /** The one that sessions run on: often the latest, an older one while the latest waits or was refused. */
  inUse: KeyRecord | null
}

/** Whether an answer of the provider is still to come. */
export const isChecking = (key: ProviderKey): boolean => key.latest.health === 'checking'

export async function listKeys(signal: AbortSignal): Promise<ProviderKey[]> {
  const { secrets, inUse } = await api.get('/api/byok', { signal })
  return secrets.map((latest) => ({ latest, inUse: inUse.find((one) => one.providerId === latest.providerId) ?? null }))
}

export async function readKey(provider: string): Promise<ProviderKey | null> {
  const { secret, inUse } = await api.get('/api/byok/{provider}', { path: { provider } })
  return secret ? { latest: secret, inUse: inUse ?? null } : null
}

/** The id of the provider as the server writes it. */
export const saveKey = (provider: string, body: Schema['ByokSaveRequest']) => api.post('/api/byok/{provider}', { path: { provider }, body }).then((answer) => answer.secret.providerId)

export const validateKey = (provider: string) => api.post('/api/byok/{provider}/validate', { path: { provider } })

export const overrideKey = (provider: string, reason: string) => api.post('/api/byok/{provider}/override', { path: { provider }, body: { reason } })

export const disableKey = (provider: string) => api.delete('/api/byok/{provider}', { path: { provider } })
