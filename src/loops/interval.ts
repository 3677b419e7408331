/** One step again and again: the next begins a while after the last has ended. */
export interface Loop {
  stop(): Promise<void>;
}

/**
 * A step that fails is tried again at the next turn: loops are meant to outlive an outage. Nodes that
 * would all turn at once give a length that differs.
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
