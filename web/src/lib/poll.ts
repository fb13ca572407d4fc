// Asking again and again, for what no stream tells.

/**
 * Calls `ask` until the returned function is called, with a rest between the end of one call and the next. It rests while nobody
 * looks at the page, and catches up when somebody does. For `$effect`.
 */
export function every(milliseconds: number, ask: () => Promise<void>): () => void {
  let stopped = false
  let timer: ReturnType<typeof setTimeout> | undefined
  const turn = async () => {
    if (!document.hidden) await ask()
    if (!stopped) timer = setTimeout(turn, milliseconds)
  }
  const whenSeen = () => {
    if (document.hidden || stopped) return
    clearTimeout(timer)
    void turn()
  }
  document.addEventListener('visibilitychange', whenSeen)
  timer = setTimeout(turn, milliseconds)
  return () => {
    stopped = true
    clearTimeout(timer)
    document.removeEventListener('visibilitychange', whenSeen)
  }
}
