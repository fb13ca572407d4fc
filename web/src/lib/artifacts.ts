// Artifacts (contract 05 §1).

import { api, ApiError, content, request } from './api'
import { shownSize } from './size'
import { text } from './text'

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
export function readArtifact(artifact: Artifact, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  return content(`/api/sessions/${encodeURIComponent(artifact.sessionId)}/artifacts/${encodeURIComponent(artifact.artifactId)}/content`, signal)
}

/** The server's limit. */
const MOST_BYTES = 25 * 1024 * 1024

/** Puts a file of this computer into a session. */
export async function upload(sessionId: string, file: File): Promise<void> {
  if (file.size > MOST_BYTES) throw new ApiError(text.artifacts.uploadTooLarge(shownSize(MOST_BYTES)), 413, null, null)
  if (file.size === 0) throw new ApiError(text.artifacts.emptyFile(file.name), 400, null, null)
  const body = { filename: file.name, contentType: file.type || 'application/octet-stream', dataBase64: await base64(file) }
  await api.post('/api/sessions/{id}/artifacts', { path: { id: sessionId }, body })
}

function base64(file: File): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader()
    reader.onload = () => resolve(String(reader.result).replace(/^[^,]*,/, ''))
    // Moved, deleted or locked since it was chosen.
    reader.onerror = () => reject(new ApiError(text.artifacts.unreadable(file.name), 0, null, null))
    reader.readAsDataURL(file)
  })
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
