const number = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 })

/** Bytes as people read them. */
export function shownSize(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`
  if (bytes < 1024 * 1024) return `${number.format(bytes / 1024)} KB`
  return `${number.format(bytes / 1024 / 1024)} MB`
}
