// Channels of the organisation (contract 04 §3, §4 and §8). The description has no schemas for the bodies of these calls, so they
// stand here.

import { api, type Schema } from '../../../lib/api'
import { me } from '../../../lib/me'

export type Agent = Schema['HeadlessAgent']
export type Binding = Schema['ChannelBinding']
export type Person = Schema['ChannelIdentity']
export type Provider = Schema['ChannelProvider']
export type Delivery = Schema['ChannelDelivery']
export type Token = Schema['ApiToken']
export type Settings = Record<string, unknown>

/** Everything that the view shows at once. */
export interface Channels {
  agents: Agent[]
  bindings: Binding[]
  people: Person[]
  providers: Provider[]
  /** Of gateways; null if the caller may not see tokens. */
  tokens: Token[] | null
}

const MOST = { limit: 500 }

export async function readChannels(signal: AbortSignal): Promise<Channels> {
  const [agents, bindings, people, providers, tokens] = await Promise.all([
    api.get('/api/channels/agents', { query: MOST, signal }),
    api.get('/api/channels/bindings', { query: MOST, signal }),
    api.get('/api/channels/identities', { query: MOST, signal }),
    api.get('/api/channels/providers', { signal }),
    me.can('api_tokens:read') ? api.get('/api/api-tokens', { query: MOST, signal }) : null,
  ])
  return {
    agents: agents.agents,
    bindings: bindings.bindings,
    people: people.identities,
    providers: providers.providers,
    tokens: tokens?.tokens.filter((token) => token.scopes.includes('gateway')) ?? null,
  }
}

interface AgentFields {
  name?: string
  profileName?: string
  status?: 'active' | 'disabled'
}

export const makeAgent = (body: AgentFields & { name: string }): Promise<Agent> => api.post('/api/channels/agents', { body }).then((answer) => answer.agent)

export const changeAgent = (agentId: string, body: AgentFields): Promise<Agent> => api.patch('/api/channels/agents/{agentId}', { path: { agentId }, body }).then((answer) => answer.agent)

interface NewBinding {
  agentId: string
  provider: string
  displayName: string
  externalWorkspaceId?: string
  credentialRef?: string
  settings?: Settings
}

export const makeBinding = (body: NewBinding): Promise<Binding> => api.post('/api/channels/bindings', { body }).then((answer) => answer.binding)

interface BindingFields {
  displayName?: string
  status?: 'active' | 'disabled'
  /** Null forgets it. */
  credentialRef?: string | null
  settings?: Settings
}

export const changeBinding = (bindingId: string, body: BindingFields): Promise<Binding> =>
  api.patch('/api/channels/bindings/{bindingId}', { path: { bindingId }, body }).then((answer) => answer.binding)

interface PersonFields {
  provider: string
  /** Null is none; it takes part in telling people apart. */
  externalWorkspaceId: string | null
  externalUserId: string
  role: string
  status: 'active' | 'disabled'
  accountId?: string
  /** Every call replaces it, so what is known is sent along. */
  metadata: unknown
}

export const settlePerson = (body: PersonFields): Promise<Person> => api.post('/api/channels/identities/resolve', { body }).then((answer) => answer.identity)

export const listDeliveries = (status: string, channelBindingId: string, signal: AbortSignal): Promise<Delivery[]> =>
  api.get('/api/channels/deliveries', { query: { status, channelBindingId: channelBindingId === '' ? undefined : [channelBindingId], limit: 200 }, signal }).then((answer) => answer.deliveries)

const named = (delivery: Delivery) => ({ path: { deliveryId: delivery.deliveryId }, body: { channelBindingId: delivery.channelBindingId } })

export const retryDelivery = (delivery: Delivery): Promise<Delivery> => api.post('/api/channels/deliveries/{deliveryId}/retry', named(delivery)).then((answer) => answer.delivery)

export const giveUpDelivery = (delivery: Delivery): Promise<Delivery> => api.post('/api/channels/deliveries/{deliveryId}/dead-letter', named(delivery)).then((answer) => answer.delivery)

/** Gives up everything that a chat still waits for, however much it is; returns how many that were. */
export async function giveUpDeliveries(channelBindingId: string): Promise<number> {
  let givenUp = 0
  for (;;) {
    const { deadLettered, more } = await api.post('/api/channels/deliveries/dead-letter', { body: { channelBindingId } })
    givenUp += deadLettered
    if (!more || deadLettered === 0) return givenUp
  }
}
