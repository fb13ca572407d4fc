// How chat systems and the people in them are called.

import { channelWords as t } from '../../../lib/text/manage'
import type { Delivery, Person, Provider, Settings } from './calls'

/** Such as "Telegram", or "Telegram (eu)" for `telegram-eu`; an unknown one is called what it is. */
export function providerName(provider: string, known: readonly Provider[]): string {
  const exact = known.find((one) => one.provider === provider)
  if (exact) return exact.label
  const kind = known.find((one) => provider.startsWith(`${one.provider}-`))
  return kind ? `${kind.label} (${provider.slice(kind.provider.length + 1)})` : provider
}

/** A chat system, and the workspace of it if there is one. */
export function whereOf(place: { provider: string; externalWorkspaceId?: string | null }, known: readonly Provider[]): string {
  const name = providerName(place.provider, known)
  return place.externalWorkspaceId ? `${name}, ${t.workspace(place.externalWorkspaceId)}` : name
}

export const isObject = (value: unknown): value is Settings => typeof value === 'object' && value !== null && !Array.isArray(value)

/** What gateways noted about somebody, or the id that the chat system has for them. */
export function personName(person: Person): string {
  const noted = isObject(person.metadata) ? [person.metadata.displayName, person.metadata.username] : []
  return noted.find((name): name is string => typeof name === 'string' && name.trim() !== '') ?? person.externalUserId
}

/** The object that a text says, or null. */
export function parsedSettings(text: string): Settings | null {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : null
  } catch {
    return null
  }
}

export const shownJson = (value: unknown): string => JSON.stringify(value, null, 2)

/** Whether something was left out of it, so that it cannot be sent back as it is. */
export const isRedacted = (value: unknown): boolean => /\[redacted/.test(JSON.stringify(value) ?? '')

/** Where in a chat a delivery goes. */
export function placeOf(delivery: Delivery): string {
  const target = isObject(delivery.target) ? delivery.target : {}
  const word = (...names: string[]) => names.map((name) => target[name]).find((value): value is string => typeof value === 'string' && value !== '') ?? null
  return t.deliveries.place(word('externalChatId', 'chatId') ?? '—', word('externalThreadId', 'threadId'))
}
