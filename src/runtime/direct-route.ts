import type { PlainRequest } from './plain-request.ts'

/** What a route answers, as JSON. */
export interface HttpAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: object
}

/** Routes that are answered without the framework, which would take as long for one as everything else does. */
export interface DirectRoutes {
  readonly bodyBytesMax: number
  /**
   * The answer, at once if it is at hand; undefined leaves the request to the framework. Neither throws nor rejects. A
   * connection that is told 503 at once is not read for a moment.
   */
  answer(request: PlainRequest): HttpAnswer | Promise<HttpAnswer> | undefined
}
