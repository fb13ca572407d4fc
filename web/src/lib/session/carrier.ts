// What brings events to this page: a socket, or where none gets through, event streams. Those who follow a topic notice no difference.

import type { SessionEvent } from './events'

/** Somebody who follows a topic: `workspace` or `session:{id}`. */
export interface Follower {
  /** Where to go on after; asked at every (re)connection. Null is the end of the log: only what comes from now on. */
  cursor: () => number | null
  /** The topic is followed from after this sequence; what happened before can be read now without a gap. */
  onfollowed?: (after: number) => void
  onevent: (event: SessionEvent) => void
  /** Retention removed what the cursor needs: read the state anew. */
  ongap: () => void
}

export type Followers = ReadonlyMap<string, Follower>

export interface Carrier {
  /** Begins, or begins again, with everything that is followed. */
  open(): void
  /** Somebody new among the followers. */
  follow(topic: string, follower: Follower): void
  unfollow(topic: string): void
  /** Somebody looks at the page, after any length of sleep: what is open may be dead without knowing. */
  wake(): void
  close(): void
}

const FIRST_WAIT_MS = 250
const LONGEST_WAIT_MS = 8000

/** The pause after so many failures in a row; never the same for two pages, or they would all come back at once. */
export function pauseAfter(failures: number): number {
  const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(Math.max(failures - 1, 0), 6))
  return wait * (0.75 + Math.random() / 2)
}
