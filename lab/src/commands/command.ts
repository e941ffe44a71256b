/** A command of the lab: its words, and what ends it early; gives the exit code. A UserError for whatever its user can mend. */
export type Command = (args: string[], stop: AbortSignal) => Promise<number>
