// One clock for all "3 min ago" of the page.

class Now {
  value = $state(Date.now())

  constructor() {
    setInterval(() => {
      if (!document.hidden) this.value = Date.now()
    }, 20_000)
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden) this.value = Date.now()
    })
  }
}

export const now = new Now()
