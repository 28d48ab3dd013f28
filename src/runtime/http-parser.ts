import { LIMITS } from '../domain/limits.ts'

/**
 * Options with which node:http reads heads, as a server and as a client. Both options are always set. Otherwise
 * `NODE_OPTIONS` would set them (`--max-http-header-size`, `--insecure-http-parser`), which every child process inherits.
 */
export const HTTP_PARSER = { maxHeaderSize: LIMITS.httpHeadBytesMax, insecureHTTPParser: false } as const
