// Quantities as people read them.

const BYTES = ['bytes', 'KB', 'MB', 'GB', 'TB']
const compact = new Intl.NumberFormat(undefined, { notation: 'compact', maximumFractionDigits: 1 })
const plain = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 })

/** Such as "48.2 KB". */
export function shownBytes(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 1000 && unit < BYTES.length - 1) {
    value /= 1000
    unit += 1
  }
  return `${unit === 0 ? value : plain.format(value)} ${BYTES[unit]}`
}

/** Such as "12,345" or "1.2M". */
export const shownCount = (n: number): string => (Math.abs(n) >= 1_000_000 ? compact.format(n) : plain.format(n))

/** Of a measurement: tenths where they matter, such as "0.7 ms", "12 ms" or "1.4 s". */
export function shownSpan(milliseconds: number): string {
  if (milliseconds < 10) return `${plain.format(milliseconds)} ms`
  return milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${plain.format(milliseconds / 1000)} s`
}

/** A quantity of a usage event or quota. */
export function shownQuantity(quantity: number, unit: string): string {
  if (unit === 'byte') return shownBytes(quantity)
  return unit === 'minute' ? `${shownCount(quantity)} min` : shownCount(quantity)
}
