import { readFileSync } from 'node:fs'
import { answered, expect, say, test } from './test'

/** A page with one word, written by hand. */
function pdf(): Buffer {
  const parts = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 200] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>',
    '<< /Length 44 >>\nstream\nBT /F1 36 Tf 40 90 Td (Quarter report) Tj ET\nendstream',
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
  ]
  let text = '%PDF-1.4\n'
  const offsets = parts.map((part, index) => {
    const at = text.length
    text += `${index + 1} 0 obj\n${part}\nendobj\n`
    return at
  })
  const start = text.length
  text += `xref\n0 6\n0000000000 65535 f \n${offsets.map((at) => `${String(at).padStart(10, '0')} 00000 n \n`).join('')}trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n${start}\n%%EOF`
  return Buffer.from(text, 'latin1')
}

const FILES: Record<string, { type: string; content: Buffer }> = {
  'notes.md': { type: 'text/markdown', content: Buffer.from('# Notes\n\nSome **bold** words.') },
  'figures.csv': { type: 'text/csv', content: Buffer.from('a,b\n1,2\n') },
  'report.pdf': { type: 'application/pdf', content: pdf() },
  'mark.svg': { type: 'image/svg+xml', content: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="80" height="40"><rect width="80" height="40" fill="teal"/></svg>') },
  'data.bin': { type: 'application/octet-stream', content: Buffer.from([0, 1, 2, 3]) },
}

test('every kind of file has its preview, and can be downloaded', async ({ page, server }) => {
  const session = await server.session('Many files')
  const record = (filename: string) => ({
    artifactId: filename, id: filename, sessionId: session, sessionTitle: 'Many files', filename, contentType: FILES[filename]?.type, size: FILES[filename]?.content.length,
    kind: 'document', status: 'draft', createdAt: new Date().toISOString(), updatedAt: new Date().toISOString(),
  })
  await page.route('**/api/artifacts?**', (route) => route.fulfill({ json: { artifacts: Object.keys(FILES).map(record), total: 5, truncated: false } }))
  await page.route(`**/api/sessions/${session}/artifacts/*`, (route) => {
    const filename = route.request().url().split('/').at(-1) ?? ''
    return route.fulfill({ json: { artifact: { ...record(filename), dataBase64: FILES[filename]?.content.toString('base64') } } })
  })
  await page.goto(`${server.url}/app/artifacts`)
  const dialog = page.getByRole('dialog')
  const open = (name: string) => page.getByRole('button', { name, exact: true }).click()
  const close = () => dialog.getByRole('button', { name: 'Close' }).click()
  await open('notes.md')
  await expect(dialog.locator('strong', { hasText: 'bold' })).toBeVisible()
  await close()
  await open('figures.csv')
  await expect(dialog.locator('pre')).toContainText('1,2')
  await close()
  await open('mark.svg')
  await expect(dialog.getByRole('img', { name: 'mark.svg' })).toHaveJSProperty('naturalWidth', 80)
  await close()
  await open('report.pdf')
  await expect(dialog.locator('canvas')).toBeVisible()
  await expect
    .poll(() => dialog.locator('canvas').evaluate((canvas) => new Set((canvas as HTMLCanvasElement).getContext('2d')?.getImageData(0, 0, (canvas as HTMLCanvasElement).width, (canvas as HTMLCanvasElement).height).data).size), { message: 'something is drawn' })
    .toBeGreaterThan(4)
  await close()
  await open('data.bin')
  await expect(dialog.getByText('There is no preview')).toBeVisible()
  const [download] = await Promise.all([page.waitForEvent('download'), dialog.getByRole('button', { name: 'Download' }).click()])
  expect(download.suggestedFilename()).toBe('data.bin')
  expect([...readFileSync(await download.path())]).toEqual([0, 1, 2, 3])
})

test('what a session publishes can be opened from its conversation', async ({ signedIn: page, request, server }) => {
  await say(page, '[[artifact:plan.md|# The plan]] Publish it')
  await expect(answered(page, 'echo: Publish it')).toBeVisible()
  const chip = page.getByRole('link', { name: /plan\.md/ })
  await expect(chip).toBeVisible()
  const { artifacts } = (await (await request.get(`${server.url}/api/sessions/${page.url().split('/').at(-1)}/artifacts`)).json()) as { artifacts: { artifactId: string; sessionId: string }[] }
  const [artifact] = artifacts
  const readable = await request.get(`${server.url}/api/sessions/${artifact?.sessionId}/artifacts/${artifact?.artifactId}`)
  test.skip(!readable.ok(), 'this server has no artifact storage')
  await chip.click()
  await expect(page.getByRole('dialog').getByRole('heading', { name: 'The plan' })).toBeVisible()
})
