// Loaded into the server under attack before its own code, by `--import`: answers on a socket of its
// own, so that neither a full port nor an attack on /metrics changes what is measured.

import { createServer } from "node:net";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { isMainThread } from "node:worker_threads";

/** Names the path of the socket to the server's process. */
export const PROBE_PATH = "HOSTILE_PROBE";

export interface Live {
  /** On the heap and outside of it, with all garbage collected. Bytes. */
  readonly liveBytes: number;
}

export interface Loop {
  /** The longest that the event loop was held up since this was last asked. */
  readonly heldUpMs: number;
}

/** Of the delay that is measured: a timer that is this late is in time. */
const RESOLUTION_MS = 10;

function listen(path: string): void {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as (how: { flavor: string }) => void;
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  const answers = {
    live(): Live {
      // Twice: what the first round finalizes is freed by the second.
      for (let round = 0; round < 2; round++) collect({ flavor: "last-resort" });
      const { heapUsed, external } = process.memoryUsage();
      return { liveBytes: heapUsed + external };
    },
    loop(): Loop {
      const heldUpMs = Math.max(0, delays.max / 1e6 - RESOLUTION_MS);
      delays.reset();
      return { heldUpMs };
    },
  };
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", (word: Buffer) => {
      const answer = word.toString() === "live" ? answers.live() : answers.loop();
      socket.end(JSON.stringify(answer));
    });
  });
  server.listen(path);
  server.unref();
}

const path = process.env[PROBE_PATH];
if (path !== undefined && isMainThread) listen(path);
