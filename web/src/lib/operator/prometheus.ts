// Reads metrics in the text format of Prometheus, as far as this server writes it.

export interface Point {
  labels: Record<string, string>
  value: number
}

export type Metrics = ReadonlyMap<string, Point[]>

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)/
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g

export function parseMetrics(text: string): Metrics {
  const metrics = new Map<string, Point[]>()
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue
    const found = LINE.exec(line)
    if (!found) continue
    const [, name = '', inner = '', number = ''] = found
    const labels: Record<string, string> = {}
    for (const [, key = '', value = ''] of inner.matchAll(LABEL)) labels[key] = value.replace(/\\(.)/g, (_, c: string) => (c === 'n' ? '\n' : c))
    const value = number === '+Inf' ? Infinity : Number(number)
    const points = metrics.get(name)
    if (points) points.push({ labels, value })
    else metrics.set(name, [{ labels, value }])
  }
  return metrics
}

/** The sum of a metric over those of its points that are wanted. */
export function sum(metrics: Metrics, name: string, wanted: (labels: Record<string, string>) => boolean = () => true): number {
  let total = 0
  for (const point of metrics.get(name) ?? []) if (wanted(point.labels)) total += point.value
  return total
}

/** Counts by upper bound of a histogram, over those of its points that are wanted. */
export function buckets(metrics: Metrics, name: string, wanted: (labels: Record<string, string>) => boolean = () => true): Map<number, number> {
  const counts = new Map<number, number>()
  for (const { labels, value } of metrics.get(`${name}_bucket`) ?? []) {
    if (!wanted(labels)) continue
    const bound = labels.le === '+Inf' ? Infinity : Number(labels.le)
    counts.set(bound, (counts.get(bound) ?? 0) + value)
  }
  return counts
}

/** Below which value a share of the measurements between two readings lies; null if there were none. */
export function quantile(share: number, before: ReadonlyMap<number, number>, after: ReadonlyMap<number, number>): number | null {
  const counts = [...after].map(([bound, count]): [number, number] => [bound, count - (before.get(bound) ?? 0)]).sort(([a], [b]) => a - b)
  const all = counts.at(-1)?.[1] ?? 0
  if (all <= 0) return null
  const wanted = share * all
  let [lowBound, lowCount] = [0, 0]
  for (const [bound, count] of counts) {
    if (count >= wanted) {
      // Within a bucket the measurements are taken to be spread evenly; beyond the last bound nothing is known.
      if (bound === Infinity) return lowBound
      return count === lowCount ? bound : lowBound + ((bound - lowBound) * (wanted - lowCount)) / (count - lowCount)
    }
    ;[lowBound, lowCount] = [bound, count]
  }
  return lowBound
}
