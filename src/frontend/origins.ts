/** Says whether a page of this origin may use the routes below /v1. */
export type AllowedOrigin = (origin: string) => boolean

/** Stands for every page that this machine itself serves, at whatever port. */
export const LOOPBACK_ORIGINS = 'loopback'

const LOOPBACK_HOST = /^https?:\/\/(localhost|127\.0\.0\.1|\[::1\])(:[0-9]{1,5})?$/

/** Returns what allows these origins, such as `https://shop.example`. The word "loopback" is one of them. */
export const allowedOrigins =
  (origins: readonly string[]): AllowedOrigin =>
  (origin) =>
    origins.includes(origin) || (origins.includes(LOOPBACK_ORIGINS) && LOOPBACK_HOST.test(origin))
