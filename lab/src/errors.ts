/** Expected error: its message is printed without a stack trace, and the exit code is 2. */
export class UserError extends Error {}

/** This cannot be played on this machine. */
export class Skipped extends UserError {}

/** Returns the short name of a system error (ENOSPC, EACCES, ECONNREFUSED …), or its message when it has none. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const code = (error as NodeJS.ErrnoException).code
  return code ?? error.message
}

/** Throws an error that has no such short name: it is a mistake of the program, whose stack trace is worth seeing. */
export function systemReasonOf(error: unknown): string {
  const reason = reasonOf(error)
  if (error instanceof UserError || /^[A-Z_]+$/.test(reason)) return reason
  throw error
}
