/** A repeated step. The next one begins a time after the last one ended. */
export interface Loop {
  stop(): Promise<void>;
}

/**
 * Repeats a step. A step that fails is tried again next time: loops must survive an outage. A
 * function as interval lets servers use different intervals, so that they do not all run at once.
 */
export function startLoop(everyMs: number | (() => number), step: () => Promise<void>): Loop {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let running = Promise.resolve();
  const pauseMs = typeof everyMs === "number" ? () => everyMs : everyMs;
  const turn = () => {
    running = step()
      .catch(() => {})
      .finally(() => {
        if (!stopped) timer = setTimeout(turn, pauseMs()).unref();
      });
  };
  turn();
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
