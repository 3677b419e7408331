import type { DlqClientError } from "./errors.ts";
import { say } from "./say.ts";

const LINE_EVERY_MS = 1_000;

/**
 * Tells of dropped messages on the console: the first at once, then one line a second with how many
 * it stands for, until all are told.
 */
export function createDropReport(): (error: DlqClientError, queue: string) => void {
  let untold = 0;
  let latest: { readonly queue: string; readonly message: string } | undefined;
  let timer: NodeJS.Timeout | undefined;

  function tell(): void {
    timer = undefined;
    if (latest === undefined) return;
    const more = untold > 1 ? ` (and ${untold - 1} before it)` : "";
    say(`dropped a message for ${latest.queue}${more}: ${latest.message}`);
    untold = 0;
    latest = undefined;
    timer = setTimeout(tell, LINE_EVERY_MS);
  }

  return (error, queue) => {
    untold++;
    latest = { queue, message: error.message };
    if (timer === undefined) tell();
  };
}
