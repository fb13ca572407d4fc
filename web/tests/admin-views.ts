// The views of admins and operators, for axe, the phone and the camera.

import type { Page } from '@playwright/test'
import type { Server } from './server'
import type { Stop } from './views'

let prepared: Promise<void> | undefined

async function prepare(server: Server) {
  await server.post('/api/admin/roles', { roleKey: 'auditor', name: 'Auditor', description: 'Reads what happened, changes nothing', permissions: ['org:read', 'members:read', 'audit:read'] })
  await server.post('/api/admin/roles', { roleKey: 'support', name: 'Support desk', baseRole: 'admin', permissions: ['org:read', 'members:read', 'diagnostics:view', 'operations:view'] })
  for (const [name, scopes] of [
    ['Laptop of Kim', ['desktop']],
    ['Build server', ['desktop', 'admin']],
    ['Grafana', ['operator']],
  ] as const) {
    await server.post('/api/api-tokens', { name, scopes })
  }
  // Saved and not checked: nobody outside is asked, and sessions go on with the demo model.
  for (const [provider, apiKey] of [
    ['anthropic', 'not-a-key-of-anybody-4f7a'],
    ['openai', 'not-a-key-of-anybody-91c2'],
  ]) {
    await server.post(`/api/byok/${provider}`, { apiKey })
  }
  await prepareChannels(server)
}

/** Two chats with people in them, and messages that wait. */
async function prepareChannels(server: Server) {
  const made = async (path: string, body: object) => server.post<Record<string, any>>(`/api/channels/${path}`, body)
  const { agent } = await made('agents', { agentId: 'support', name: 'Support desk' })
  const binding = async (bindingId: string, provider: string, displayName: string, rest: object = {}) =>
    (await made('bindings', { bindingId, agentId: agent.agentId, provider, displayName, credentialRef: `env:${provider.toUpperCase()}_TOKEN`, settings: { botName: 'helper', botToken: 'not-shown' }, ...rest })).binding.bindingId as string
  const support = await binding('support', 'telegram', 'Customer support')
  await binding('team', 'slack', 'Team channel', { externalWorkspaceId: 'T024BE7LD' })
  await binding('letters', 'email', 'Letters', { status: 'disabled' })
  await server.post('/api/api-tokens', { name: 'Gateway of Customer support', scopes: ['gateway'], channelBindingIds: [support] })
  for (const [externalUserId, displayName, role, status] of [
    ['41230077', 'Noa Lindqvist', 'viewer', 'pending'],
    ['41230151', 'Ada Okafor', 'member', 'active'],
    ['41230390', 'Max Brandt', 'approver', 'active'],
  ]) {
    await made('identities/resolve', { provider: 'telegram', externalUserId, role, status, metadata: { displayName } })
  }
  const said = { agentId: agent.agentId, channelBindingId: support, provider: 'telegram' }
  await made('deliveries', { ...said, deliveryId: 'weekly', eventType: 'workflow.completed', target: { externalChatId: '-1001' }, payload: { text: 'The weekly report is ready.' } })
  await made('deliveries', { ...said, deliveryId: 'moved', eventType: 'coordination.task_moved', target: { externalChatId: '-1002', externalThreadId: '7' }, payload: { text: 'Translate the handbook: done' } })
  await server.post('/api/channels/deliveries/moved/dead-letter', { channelBindingId: support, lastError: 'the chat was closed' })
}

/** Things to look at, made once for each server. */
const withExamples = (path: string) => async (server: Server) => {
  prepared ??= prepare(server)
  await prepared
  return path
}

const click = (name: string) => async (page: Page) => {
  await page.getByRole('button', { name, exact: true }).first().click()
  await page.getByRole('dialog').waitFor()
}

export const adminStops: Stop[] = [
  { name: 'members', path: withExamples('/app/admin/members'), shows: /Who takes part in/ },
  { name: 'roles', path: withExamples('/app/admin/roles'), shows: /Support desk/ },
  { name: 'role', path: withExamples('/app/admin/roles'), shows: /Support desk/, then: click('New role') },
  { name: 'tokens', path: withExamples('/app/admin/tokens'), shows: /Build server/ },
  { name: 'token', path: withExamples('/app/admin/tokens'), shows: /Build server/, then: click('New token') },
  { name: 'keys', path: withExamples('/app/admin/keys'), shows: /…91c2/ },
  { name: 'channels', path: withExamples('/app/admin/channels'), shows: /Customer support/ },
  { name: 'channel', path: withExamples('/app/admin/channels'), shows: /Customer support/, then: click('Manage Customer support') },
  { name: 'channels-people', path: withExamples('/app/admin/channels?show=people'), shows: /Noa Lindqvist/ },
  { name: 'channels-deliveries', path: withExamples('/app/admin/channels?show=deliveries'), shows: /workflow\.completed/ },
  { name: 'policy', path: withExamples('/app/admin/policy'), shows: /The most that agents may do/ },
  { name: 'usage', path: withExamples('/app/admin/usage'), shows: /Prompts per hour/ },
  { name: 'audit', path: withExamples('/app/admin/audit'), shows: /api_token\.created/ },
  { name: 'actors', path: withExamples('/app/operator/actors'), shows: /Actors in memory/ },
  { name: 'cluster', path: withExamples('/app/operator/cluster'), shows: /Last moves/ },
  { name: 'performance', path: withExamples('/app/operator/performance'), shows: /Half within/ },
]
