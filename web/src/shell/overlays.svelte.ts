/** What lies over the views: at most one of these. */
class Overlays {
  shown = $state<'palette' | 'shortcuts' | null>(null)

  open(what: 'palette' | 'shortcuts'): void {
    this.shown = what
  }

  close(): void {
    this.shown = null
  }
}

export const overlays = new Overlays()
