// The table of all views. Navigation, palette, titles and permissions come from it; nothing else knows what exists.

import type { Component } from 'svelte'
import { me, type Permission } from './lib/me'
import { text } from './lib/text'
import type { IconName } from './lib/ui'
import { adminViews } from './views.admin'

export interface View {
  /** Pattern below /app; `:name` takes one segment and comes to the component in `parameters`. */
  path: string
  /** Name in the navigation, the palette and the document's title. */
  title: string
  /** Who may see it. What is not reachable is not shown either, and the address alone leads to a plain refusal. */
  may: () => boolean
  /** The component, loaded when it is first opened. It gets `parameters: Parameters` as its one prop, if it declares it. */
  load: () => Promise<{ default: Component<any> }>
  /** Its place in the navigation; without one it is reached by links. */
  nav?: { section: 'work' | 'admin' | 'operator'; icon: IconName; badge?: () => number }
  /** The pressed key after `g` that leads here. */
  key?: string
}

export const anyone = () => true
export const permission = (name: Permission) => () => me.can(name)
export const feature = (name: string) => () => me.has(name)
export const operator = () => me.isOperator

export const views: View[] = [
  { path: '/app', title: text.titles.home, may: feature('chat'), load: () => import('./views/home/Home.svelte') },
  {
    path: '/app/sessions',
    title: text.titles.sessions,
    may: feature('chat'),
    load: () => import('./views/sessions/Sessions.svelte'),
    nav: { section: 'work', icon: 'chat' },
    key: 's',
  },
  { path: '/app/sessions/:id', title: text.titles.session, may: feature('chat'), load: () => import('./views/chat/Chat.svelte') },
  {
    path: '/app/approvals',
    title: text.titles.approvals,
    may: feature('chat'),
    load: () => import('./views/approvals/Approvals.svelte'),
    nav: { section: 'work', icon: 'shield' },
    key: 'a',
  },
  {
    path: '/app/artifacts',
    title: text.titles.artifacts,
    may: feature('artifacts'),
    load: () => import('./views/artifacts/Artifacts.svelte'),
    nav: { section: 'work', icon: 'box' },
    key: 'f',
  },
  { path: '/app/account', title: text.titles.account, may: anyone, load: () => import('./views/account/Account.svelte') },
  ...adminViews,
]
