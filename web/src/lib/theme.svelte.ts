import { recall, remember } from './storage'

export type Theme = 'system' | 'light' | 'dark'

class ThemeStore {
  value = $state<Theme>(((): Theme => {
    const kept = recall('theme')
    return kept === 'light' || kept === 'dark' ? kept : 'system'
  })())

  set(theme: Theme): void {
    this.value = theme
    remember('theme', theme === 'system' ? null : theme)
    if (theme === 'system') delete document.documentElement.dataset.theme
    else document.documentElement.dataset.theme = theme
  }
}

export const theme = new ThemeStore()
