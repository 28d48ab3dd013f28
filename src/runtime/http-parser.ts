import { LIMITS } from '../domain/limits.ts'

/**
 * Options with which node:http reads heads, as a server and as a client. Both are always set. Otherwise `NODE_OPTIONS`,
 * which every child process inherits, would decide (`--max-http-header-size`, `--insecure-http-parser`).
 */
export const HTTP_PARSER = { maxHeaderSize: LIMITS.httpHeadBytesMax, insecureHTTPParser: false } as const
