import { say } from "./say.ts";

/**
 * A caller's own function: what it throws, at once or as a promise, is told and harms nothing.
 *
 * @param watch is given the end of each promise of it, which is never rejected
 */
export function shielded<Args extends readonly unknown[]>(
  name: string,
  call: (...args: Args) => unknown,
  watch: (end: Promise<void>) => void = () => {},
): (...args: Args) => void {
  const tell = (error: unknown) => say(`${name} threw:`, error);
  return (...args) => {
    try {
      const given = call(...args);
      if (typeof given === "object" && given !== null) {
        watch(Promise.resolve(given).then(() => {}, tell));
      }
    } catch (error) {
      tell(error);
    }
  };
}
