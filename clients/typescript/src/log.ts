/** Writes a line to the console. Never throws: a program may have replaced the console. */
export function log(message: string, ...details: readonly unknown[]): void {
  try {
    console.error(`dlq: ${message}`, ...details);
  } catch {
    // There is no other place to report it.
  }
}
