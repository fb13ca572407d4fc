// Text arrives in lumps; it is drawn word by word, fast enough never to fall behind by more than a blink.

interface Revealed {
  content: string
  shown: string
}

/** The backlog shrinks by this share with every frame. */
const SHARE = 0.14
const LEAST = 3

const running = new Set<Revealed>()
const prefersStill = matchMedia('(prefers-reduced-motion: reduce)')

export function reveal(text: Revealed): void {
  if (text.shown === text.content) return
  if (document.hidden || prefersStill.matches) {
    text.shown = text.content
    return
  }
  if (running.size === 0) requestAnimationFrame(frame)
  running.add(text)
}

function frame(): void {
  for (const text of running) {
    const backlog = text.content.length - text.shown.length
    if (backlog <= 0 || document.hidden) {
      text.shown = text.content
      running.delete(text)
      continue
    }
    let end = text.shown.length + Math.max(LEAST, Math.ceil(backlog * SHARE))
    // Whole words, unless the word is very long or the last.
    const space = text.content.slice(end, end + 24).search(/\s/)
    end = space >= 0 ? end + space + 1 : backlog < 24 ? text.content.length : end
    text.shown = text.content.slice(0, end)
    if (text.shown.length >= text.content.length) running.delete(text)
  }
  if (running.size > 0) requestAnimationFrame(frame)
}

// A hidden page draws no frames; it shows everything when it is looked at again.
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) return
  for (const text of running) text.shown = text.content
  running.clear()
})
