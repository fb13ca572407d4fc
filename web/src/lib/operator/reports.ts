// What the operations endpoints answer (architecture of the actors: nodes, shards, kinds).

import type { Schema } from '../api'
import { operator } from './access.svelte'

export interface KindReport {
  kind: string
  alive: number
  started: number
  passivated: number
  restarts: number
  panics: number
  failures: number
  quarantined: number
  mailboxAgeMs: number
  messages: number
}

export interface ShardReport {
  shard: number
  epoch: number
  live: number
  starting: number
  backingOff: number
}

export interface NodeReport {
  node: { name: string; ownedShards: number; draining: boolean }
  kinds: KindReport[]
  shards: ShardReport[]
}

export interface Quarantined {
  node: string
  entity: string
  kind: string
  shard: number
  since: string
  failures: number
  code: string | null
}

export interface Supervision {
  node: { name: string }
  nodes: { name: string; reachable: boolean; report: NodeReport | null }[]
  quarantined: Quarantined[]
}

export type Cluster = Schema['ClusterReport']

export const readSupervision = (signal: AbortSignal) => operator.json<Supervision>('get', '/api/ops/supervision', signal)
export const readCluster = (signal: AbortSignal) => operator.json<Cluster>('get', '/api/ops/cluster', signal)

export const readDeliveries = (signal: AbortSignal) => operator.json<Schema['DeliveryBacklogs']>('get', '/api/ops/deliveries?limit=500', signal)

export const liftQuarantine = (entity: string) => operator.json<Schema['Lift']>('post', `/api/ops/quarantine/${encodeURIComponent(entity)}/lift`)

const node = (name: string, verb = '') => `/api/ops/cluster/nodes/${encodeURIComponent(name)}${verb}`
export const drainNode = (name: string) => operator.json<Schema['NodeDrain']>('post', node(name, '/drain'))
export const undrainNode = (name: string) => operator.json<Schema['NodeDrain']>('post', node(name, '/undrain'))
export const forgetNode = (name: string) => operator.json<Schema['NodeForgotten']>('delete', node(name))
