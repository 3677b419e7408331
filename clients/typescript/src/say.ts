/** Tells an operator, on the console. A program may have put its own there: what that throws harms nothing. */
export function say(words: string, ...more: readonly unknown[]): void {
  try {
    console.error(`dlq-client: ${words}`, ...more);
  } catch {
    // Nobody is left to tell.
  }
}
