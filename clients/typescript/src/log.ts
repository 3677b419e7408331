let isWriting = false;

/** Reports whether a line is being written: then the caller is a console that a program has replaced. */
export const isLogging = (): boolean => isWriting;

/** Writes a line to the console. Never throws: a program may have replaced the console. */
export function log(message: string, ...details: readonly unknown[]): void {
  const wasWriting = isWriting;
  isWriting = true;
  try {
    console.error(`dlq: ${message}`, ...details);
  } catch {
    // There is no other place to report it.
  } finally {
    isWriting = wasWriting;
  }
}
