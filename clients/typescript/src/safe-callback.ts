import { log } from "./log.ts";

/**
 * Wraps a callback of the program. An error that it throws, or that its promise rejects with, is logged.
 *
 * @param failure what the log has before the error, such as `onError threw`
 * @param onPromise called with each promise of the callback; that promise never rejects
 */
export function safeCallback<Args extends readonly unknown[]>(
  failure: string,
  callback: (...args: Args) => unknown,
  onPromise: (end: Promise<void>) => void = () => {},
): (...args: Args) => void {
  const report = (error: unknown) => log(`${failure}:`, error);
  return (...args) => {
    try {
      const result = callback(...args);
      if (typeof result === "object" && result !== null) {
        onPromise(Promise.resolve(result).then(() => {}, report));
      }
    } catch (error) {
      report(error);
    }
  };
}
