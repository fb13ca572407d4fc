// Times as the viewer reads them: in their zone, in their language.

const dateTime = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'long' })
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' })
const day = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric' })
const dayAndYear = new Intl.DateTimeFormat(undefined, { year: 'numeric', month: 'short', day: 'numeric' })
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto', style: 'narrow' })

/** Such as "22 Nov 2026, 05:19". */
export const shown = (iso: string): string => dateTime.format(new Date(iso))
/** For tooltips: with seconds and zone. */
export const shownExactly = (iso: string): string => exact.format(new Date(iso))
/** Time of the day alone. */
export const shownClock = (iso: string): string => clock.format(new Date(iso))

/** Short for lists: minutes and hours of today, else the day. */
export function shownShort(iso: string, now: number): string {
  const at = new Date(iso)
  const seconds = Math.round((at.getTime() - now) / 1000)
  if (seconds > -45) return relative.format(0, 'second')
  if (seconds > -3600) return relative.format(Math.round(seconds / 60), 'minute')
  if (seconds > -86_400) return relative.format(Math.round(seconds / 3600), 'hour')
  if (seconds > -7 * 86_400) return relative.format(Math.round(seconds / 86_400), 'day')
  return at.getFullYear() === new Date(now).getFullYear() ? day.format(at) : dayAndYear.format(at)
}

/** Such as "1.4 s", "3 min 20 s", "5 h 12 min" or "3 d 4 h". */
export function shownDuration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.max(0, Math.round(milliseconds))} ms`
  const seconds = milliseconds / 1000
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`
  return `${Math.floor(seconds / 86_400)} d ${Math.floor((seconds % 86_400) / 3600)} h`
}
