// What of the audit log is looked at, as the address and the server say it.

export interface AuditFilters {
  /** Beginning of the event type. */
  action: string
  actorId: string
  actorType: string
  targetType: string
  targetId: string
  /** About one chat, whatever the target is. */
  channelBindingId: string
  /** Days of the viewer's calendar, `2026-03-04`. */
  from: string
  to: string
}

export const NO_FILTERS: AuditFilters = { action: '', actorId: '', actorType: '', targetType: '', targetId: '', channelBindingId: '', from: '', to: '' }

export function filtersIn(query: URLSearchParams): AuditFilters {
  const filters = { ...NO_FILTERS }
  for (const name of Object.keys(filters) as (keyof AuditFilters)[]) filters[name] = query.get(name) ?? ''
  return filters
}

const DAY = /^\d{4}-\d{2}-\d{2}$/

/** The first moment of a day in the viewer's zone. */
function startOf(day: string, plusDays: number): string | undefined {
  if (!DAY.test(day)) return undefined
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number)
  const at = new Date(year, month - 1, date + plusDays)
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString()
}

/** The query that the server understands; the last day counts whole. */
export function queryOf(filters: AuditFilters): Record<string, string> {
  const { from, to, ...rest } = filters
  const upTo = startOf(to, 1)
  const query: Record<string, string | undefined> = {
    ...rest,
    from: startOf(from, 0),
    to: upTo === undefined ? undefined : new Date(Date.parse(upTo) - 1).toISOString(),
  }
  return Object.fromEntries(Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== ''))
}
