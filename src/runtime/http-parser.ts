import { LIMITS } from '../domain/limits.ts'

/**
 * How node:http reads heads, as a server and as a client. Said each time: what is not said, `NODE_OPTIONS` decides, for
 * every program that inherits them (`--max-http-header-size`, `--insecure-http-parser`).
 */
export const HTTP_PARSER = { maxHeaderSize: LIMITS.httpHeadBytesMax, insecureHTTPParser: false } as const
