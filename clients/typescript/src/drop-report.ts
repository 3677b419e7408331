import type { DlqClientError } from "./errors.ts";
import { say } from "./say.ts";

const LINE_EVERY_MS = 1_000;

interface DropReport {
  readonly tell: (error: DlqClientError, queue: string) => void;
  /** Tells at once what is untold: the program may end. */
  readonly flush: () => void;
}

/**
 * Tells of dropped messages on the console: the first at once, then one line a second with how many
 * it stands for, until all are told.
 */
export function createDropReport(): DropReport {
  let untold = 0;
  let latest: { readonly queue: string; readonly message: string } | undefined;
  let timer: NodeJS.Timeout | undefined;

  function flush(): void {
    if (latest === undefined) return;
    const more = untold > 1 ? ` (and ${untold - 1} before it)` : "";
    say(`dropped a message for ${latest.queue}${more}: ${latest.message}`);
    untold = 0;
    latest = undefined;
  }

  function tell(): void {
    timer = undefined;
    if (latest === undefined) return;
    flush();
    timer = setTimeout(tell, LINE_EVERY_MS);
  }

  return {
    tell: (error, queue) => {
      untold++;
      latest = { queue, message: error.message };
      if (timer === undefined) tell();
    },
    flush,
  };
}
