// The views for admins (section `admin`) and operators (section `operator`).

import { me } from './lib/me'
import { text } from './lib/text'
import type { View } from './views'

const titles = text.admin.titles
const anyOf = (...permissions: Parameters<typeof me.can>[0][]) => () => permissions.some((one) => me.can(one))

// The machinery itself asks for the operator token; these are who may hold one.
const operates = () => me.isOperator || me.can('operations:view')

export const adminViews: View[] = [
  {
    path: '/app/admin/members',
    title: titles.members,
    may: anyOf('members:read', 'members:manage', 'org:manage'),
    load: () => import('./views/admin/members/Members.svelte'),
    nav: { section: 'admin', icon: 'users' },
    key: 'm',
  },
  {
    path: '/app/admin/roles',
    title: titles.roles,
    may: anyOf('roles:manage'),
    load: () => import('./views/admin/roles/Roles.svelte'),
    nav: { section: 'admin', icon: 'badge' },
  },
  {
    path: '/app/admin/tokens',
    title: titles.tokens,
    may: anyOf('api_tokens:read', 'api_tokens:manage'),
    load: () => import('./views/admin/tokens/Tokens.svelte'),
    nav: { section: 'admin', icon: 'key' },
  },
  {
    path: '/app/admin/keys',
    title: titles.keys,
    may: () => me.has('byok') && me.can('policy:manage'),
    load: () => import('./views/admin/keys/Keys.svelte'),
    nav: { section: 'admin', icon: 'plug' },
  },
  {
    path: '/app/admin/channels',
    title: titles.channels,
    may: () => me.has('channels') && me.can('org:manage'),
    load: () => import('./views/admin/channels/Channels.svelte'),
    nav: { section: 'admin', icon: 'bubbles' },
  },
  {
    path: '/app/admin/policy',
    title: titles.policy,
    may: anyOf('policy:manage'),
    load: () => import('./views/admin/policy/Policy.svelte'),
    nav: { section: 'admin', icon: 'sliders' },
  },
  {
    path: '/app/admin/usage',
    title: titles.usage,
    may: anyOf('operations:view', 'billing:manage'),
    load: () => import('./views/admin/usage/Usage.svelte'),
    nav: { section: 'admin', icon: 'gauge' },
  },
  {
    path: '/app/admin/audit',
    title: titles.audit,
    may: anyOf('audit:read'),
    load: () => import('./views/admin/audit/Audit.svelte'),
    nav: { section: 'admin', icon: 'list' },
  },
  {
    path: '/app/operator/actors',
    title: titles.actors,
    may: operates,
    load: () => import('./views/operator/Actors.svelte'),
    nav: { section: 'operator', icon: 'tree' },
  },
  {
    path: '/app/operator/cluster',
    title: titles.cluster,
    may: operates,
    load: () => import('./views/operator/Cluster.svelte'),
    nav: { section: 'operator', icon: 'server' },
  },
  {
    path: '/app/operator/performance',
    title: titles.performance,
    may: operates,
    load: () => import('./views/operator/Performance.svelte'),
    nav: { section: 'operator', icon: 'pulse' },
  },
]
