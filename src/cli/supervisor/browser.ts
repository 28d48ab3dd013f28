import { spawn } from 'node:child_process'

/** The programs that open an address in the user's browser. Other systems have xdg-open. */
const OPENERS: Partial<Record<NodeJS.Platform, readonly string[]>> = { darwin: ['open'], win32: ['cmd', '/c', 'start', '""'] }

/**
 * Opens an address in the user's browser. Resolves with the reason when that fails, and with undefined when it has worked. When
 * the browser runs in the opener's place, it resolves once the browser ends.
 */
export function openInBrowser(url: string): Promise<string | undefined> {
  const [program = 'xdg-open', ...args] = OPENERS[process.platform] ?? []
  return new Promise((resolve) => {
    const child = spawn(program, [...args, url], { stdio: 'ignore', detached: true })
    child.unref()
    child.once('error', ({ message }) => resolve(message))
    child.once('exit', (code) => resolve(code === 0 ? undefined : `${program} ended with exit code ${code}`))
  })
}
