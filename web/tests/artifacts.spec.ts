import { randomBytes } from 'node:crypto'
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
  'data.bin': { type: 'application/octet-stream', content: randomBytes(100_003) },
}

test('files are added to a session, every kind has its preview, and they come back as they went', async ({ page, server }) => {
  const session = await server.session('Many files')
  await page.goto(`${server.url}/app/artifacts?session=${session}`)
  await expect(page.getByText('No artifacts yet')).toBeVisible()
  const add = (names: string[]) => page.getByLabel('Add files').first().setInputFiles(names.map((name) => ({ name, mimeType: FILES[name]?.type ?? '', buffer: FILES[name]?.content ?? Buffer.alloc(0) })))
  await add(Object.keys(FILES))
  await expect(page.getByText(`${Object.keys(FILES).length} files are added`)).toBeVisible()
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
  expect(readFileSync(await download.path()).equals(FILES['data.bin']?.content ?? Buffer.alloc(0)), 'byte for byte').toBe(true)
  await close()

  // The conversation tells of them, and what the server would refuse is refused before it travels.
  await page.goto(`${server.url}/app/sessions/${session}`)
  await expect(page.getByRole('link', { name: /report\.pdf/ }).first()).toBeVisible()
  await page.goto(`${server.url}/app/artifacts?session=${session}`)
  await page.getByLabel('Add files').first().evaluate((input: HTMLInputElement) => {
    const files = new DataTransfer()
    files.items.add(new File([new ArrayBuffer(26 * 1024 * 1024)], 'film.mkv'))
    input.files = files.files
    input.dispatchEvent(new Event('change', { bubbles: true }))
  })
  await expect(page.getByText('Files may have up to 25 MB')).toBeVisible()
  await page.getByLabel('Add files').first().setInputFiles({ name: 'nothing.txt', mimeType: 'text/plain', buffer: Buffer.alloc(0) })
  await expect(page.getByText('nothing.txt is empty')).toBeVisible()
})

test('what a session publishes can be opened from its conversation', async ({ signedIn: page }) => {
  await say(page, '[[artifact:plan.md|# The plan]] Publish it')
  await expect(answered(page, 'echo: Publish it')).toBeVisible()
  await page.getByRole('link', { name: /plan\.md/ }).click()
  const preview = page.getByRole('dialog').getByRole('heading', { name: 'The plan' })
  await expect(preview).toBeVisible()

  // On the page of all files Back closes what was opened there, and closing leaves nothing to go back through.
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click()
  await expect(preview).toBeHidden()
  const file = page.getByRole('button', { name: 'plan.md', exact: true })
  await file.click()
  await expect(preview).toBeVisible()
  await page.goBack()
  await expect(preview).toBeHidden()
  await expect(page.getByRole('heading', { level: 1, name: 'Artifacts' })).toBeVisible()
  await file.click()
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click()
  await expect(preview).toBeHidden()
  await page.goBack()
  await expect(answered(page, 'echo: Publish it')).toBeVisible()
})
