/** One step again and again: the next begins a while after the last has ended. */
export interface Loop {
  stop(): Promise<void>;
}

/** A step that fails is tried again at the next turn: loops are meant to outlive an outage. */
export function startLoop(everyMs: number, step: () => Promise<void>): Loop {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let running = Promise.resolve();
  const turn = () => {
    running = step()
      .catch(() => {})
      .finally(() => {
        if (!stopped) timer = setTimeout(turn, everyMs).unref();
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
