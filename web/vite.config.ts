import { defineConfig } from 'vite'

/** The front end whose data a page under development shows: `BAZAAR=http://127.0.0.1:56893 npm run web:dev`. */
const FRONT_END = process.env['BAZAAR'] ?? 'http://127.0.0.1:56893'

/** How the page is built: into dist/web, with no script and no style within the HTML, as its Content-Security-Policy asks. */
export default defineConfig({
  root: import.meta.dirname,
  clearScreen: false,
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: '../dist/web',
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: { proxy: Object.fromEntries(['/v1', '/orders', '/stocks', '/status'].map((path) => [path, FRONT_END])) },
})
