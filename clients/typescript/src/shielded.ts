import { say } from "./say.ts";

/** A caller's own function: what it throws, at once or as a promise, is told and harms nothing. */
export function shielded<Args extends readonly unknown[]>(
  name: string,
  call: (...args: Args) => unknown,
): (...args: Args) => void {
  const tell = (error: unknown) => say(`${name} threw:`, error);
  return (...args) => {
    try {
      const given = call(...args);
      if (typeof given === "object" && given !== null) Promise.resolve(given).catch(tell);
    } catch (error) {
      tell(error);
    }
  };
}
