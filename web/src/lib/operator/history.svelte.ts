// What was measured while somebody watched. It stays while the tab is open, so that going to another view and back loses nothing.

import { operator } from './access.svelte'
import { buckets, parseMetrics, quantile, sum, type Metrics } from './prometheus'

export const INTERVAL_MS = 2000
const KEPT = 180
/** Quantiles are of the last readings together: of two seconds alone they would jump. */
const WINDOW = 10
/** A pause this long, such as a sleeping computer, starts anew. */
const GAP_MS = 60_000

interface Reading {
  at: number
  metrics: Metrics
}

export interface Measurement {
  at: number
  requests: number
  errors: number
  prompts: number
  p50: number | null
  p95: number | null
  p99: number | null
  memory: number
  cpu: number
  streams: number
  actors: number
}

export interface RouteMeasurement {
  route: string
  requests: number
  p50: number | null
  p99: number | null
}

/** Watching is no load worth showing, and streams end when they are closed, not when they are answered. */
const OWN = new Set(['/api/metrics', '/metrics', '/api/ops/cluster', '/api/ops/supervision', '/api/diagnostics'])
const STREAMS = new Set(['/api/events', '/api/sessions/{id}/events', '/api/ws'])
const isWork = (labels: Record<string, string>) => !OWN.has(labels.route ?? '')
const isAnswered = (labels: Record<string, string>) => isWork(labels) && !STREAMS.has(labels.route ?? '')
const REQUESTS = 'cowork_http_requests_total'
const SECONDS = 'cowork_http_request_seconds'

class History {
  measurements = $state.raw<Measurement[]>([])
  routes = $state.raw<RouteMeasurement[]>([])
  error = $state.raw<unknown>(null)
  #readings: Reading[] = []
  #first: Reading | null = null

  read = async (): Promise<void> => {
    try {
      const reading = { at: Date.now(), metrics: parseMetrics(await operator.metrics()) }
      this.error = null
      this.#take(reading)
    } catch (error) {
      this.error = error
    }
  }

  #take(reading: Reading): void {
    const before = this.#readings.at(-1)
    const restarted = before !== undefined && sum(reading.metrics, REQUESTS) < sum(before.metrics, REQUESTS)
    if (before && (restarted || reading.at - before.at > GAP_MS)) {
      this.#readings = []
      this.#first = null
      this.measurements = []
    }
    this.#first ??= reading
    this.routes = routesOf(this.#first === reading ? null : this.#first, reading)
    const last = this.#readings.at(-1)
    if (last) this.measurements = [...this.measurements.slice(1 - KEPT), measure(this.#readings[0] ?? last, last, reading)]
    this.#readings = [...this.#readings.slice(1 - WINDOW), reading]
  }
}

function measure(windowStart: Reading, before: Reading, now: Reading): Measurement {
  const seconds = Math.max(0.001, (now.at - before.at) / 1000)
  const perSecond = (name: string, wanted?: (labels: Record<string, string>) => boolean) =>
    Math.max(0, sum(now.metrics, name, wanted) - sum(before.metrics, name, wanted)) / seconds
  const old = buckets(windowStart.metrics, SECONDS, isAnswered)
  const fresh = buckets(now.metrics, SECONDS, isAnswered)
  const within = (share: number) => {
    const found = quantile(share, old, fresh)
    return found === null ? null : found * 1000
  }
  return {
    at: now.at,
    requests: perSecond(REQUESTS, isWork),
    errors: perSecond(REQUESTS, (labels) => isWork(labels) && (labels.status ?? '').startsWith('5')),
    prompts: perSecond(REQUESTS, (labels) => labels.route === '/api/sessions/{id}/prompt') * 60,
    p50: within(0.5),
    p95: within(0.95),
    p99: within(0.99),
    memory: sum(now.metrics, 'process_resident_memory_bytes'),
    cpu: perSecond('process_cpu_seconds_total') * 100,
    streams: sum(now.metrics, 'cowork_sse_streams') + sum(now.metrics, 'cowork_ws_connections'),
    actors: sum(now.metrics, 'cowork_actor_alive'),
  }
}

/** Since the first reading; where there is only one, since the node started. */
function routesOf(before: Reading | null, now: Reading): RouteMeasurement[] {
  const names = new Set((now.metrics.get(REQUESTS) ?? []).map((point) => point.labels.route ?? ''))
  const measured: RouteMeasurement[] = []
  for (const route of names) {
    const isIt = (labels: Record<string, string>) => labels.route === route && isAnswered(labels)
    const requests = sum(now.metrics, REQUESTS, isIt) - (before ? sum(before.metrics, REQUESTS, isIt) : 0)
    if (requests <= 0) continue
    const old = before ? buckets(before.metrics, SECONDS, isIt) : new Map<number, number>()
    const fresh = buckets(now.metrics, SECONDS, isIt)
    const within = (share: number) => {
      const found = quantile(share, old, fresh)
      return found === null ? null : found * 1000
    }
    measured.push({ route, requests, p50: within(0.5), p99: within(0.99) })
  }
  return measured.sort((a, b) => b.requests - a.requests).slice(0, 20)
}

export const history = new History()
