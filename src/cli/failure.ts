/** Exit codes of the command line. */
export const EXIT = {
  ok: 0,
  /** The command failed, or the answer is no. */
  failed: 1,
  /** The command was called wrongly. */
  usage: 2,
  /** Nobody knows whether the command had its effect. */
  unknown: 3,
  /** The result is known, but could not be written. */
  unwritten: 4,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** Ends a command with a message for the user and no stack trace. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure'
  readonly exitCode: ExitCode

  constructor(message: string, exitCode: ExitCode = EXIT.failed) {
    super(message)
    this.exitCode = exitCode
  }
}

export const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
