import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vite'

// The page lives below /app/; the server answers its document for every path there that is no file.
export default defineConfig({
  base: '/app/',
  plugins: [svelte()],
  build: {
    outDir: 'dist',
    assetsDir: 'assets',
    target: 'es2022',
    // The policy of the document allows no data: fonts, so nothing is inlined.
    assetsInlineLimit: 0,
    cssCodeSplit: true,
    manifest: 'manifest.json',
    reportCompressedSize: false,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 2000,
  },
  server: { proxy: Object.fromEntries(['/api', '/auth', '/livez', '/readyz'].map((path) => [path, process.env.COWORK_URL ?? 'http://127.0.0.1:8787'])) },
})
