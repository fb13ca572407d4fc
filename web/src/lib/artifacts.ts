// Artifacts (contract 05 §1).

import { request } from './api'

export interface Artifact {
  artifactId: string
  sessionId: string
  sessionTitle: string | null
  filename: string
  contentType: string | null
  size: number
  createdAt: string
  updatedAt: string
  kind: string
  status: string
}

export interface ArtifactPage {
  artifacts: Artifact[]
  truncated?: boolean
}

/** Of one session, or the latest of all sessions. */
export function listArtifacts(sessionId: string | null, signal?: AbortSignal): Promise<ArtifactPage> {
  const path = sessionId === null ? '/api/artifacts?limit=200' : `/api/sessions/${encodeURIComponent(sessionId)}/artifacts`
  return request<ArtifactPage>('get', path, { signal })
}

/** What is in it. */
export async function readArtifact(artifact: Artifact, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  const path = `/api/sessions/${encodeURIComponent(artifact.sessionId)}/artifacts/${encodeURIComponent(artifact.artifactId)}`
  const answer = await request<{ artifact: { dataBase64: string } }>('get', path, { signal })
  const binary = atob(answer.artifact.dataBase64.replace(/-/g, '+').replace(/_/g, '/'))
  const bytes = new Uint8Array(binary.length)
  for (let index = 0; index < binary.length; index += 1) bytes[index] = binary.charCodeAt(index)
  return bytes
}

export type PreviewKind = 'markdown' | 'text' | 'image' | 'pdf' | null

const PICTURES = ['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/svg+xml', 'image/avif']
const TEXT = /\.(txt|log|csv|tsv|json|ya?ml|toml|xml|html?|css|js|ts|py|rs|go|java|c|h|cpp|sh|sql|ini|env)$/i

export function previewKind(artifact: Pick<Artifact, 'contentType' | 'filename'>): PreviewKind {
  const type = artifact.contentType ?? ''
  if (PICTURES.includes(type)) return 'image'
  if (type === 'application/pdf' || /\.pdf$/i.test(artifact.filename)) return 'pdf'
  if (type === 'text/markdown' || /\.(md|markdown)$/i.test(artifact.filename)) return 'markdown'
  if (type.startsWith('text/') || type.includes('json') || type.includes('xml') || TEXT.test(artifact.filename)) return 'text'
  return null
}

/** Hands the content to the browser as a file. */
export function save(artifact: Artifact, bytes: Uint8Array<ArrayBuffer>): void {
  // Never a type that a browser would open in this origin.
  const url = URL.createObjectURL(new Blob([bytes], { type: 'application/octet-stream' }))
  const link = document.createElement('a')
  link.href = url
  link.download = artifact.filename
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}
