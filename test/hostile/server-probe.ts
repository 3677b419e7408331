// Loaded into the server under attack by `--import`. It answers on its own socket, so that a full port or an attack on
// /metrics does not change the figures.

import { createServer } from "node:net";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { isMainThread } from "node:worker_threads";

/** The environment variable with the path of the socket. */
export const PROBE_PATH = "HOSTILE_PROBE";

export interface Live {
  /** Bytes on and outside the heap, after a garbage collection. */
  readonly liveBytes: number;
}

export interface Loop {
  /** The longest block of the event loop since the last call. */
  readonly heldUpMs: number;
}

/** Resolution of the measured delay. */
const RESOLUTION_MS = 10;

function listen(path: string): void {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as (how: { flavor: string }) => void;
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  const answers = {
    live(): Live {
      // Twice, because the second round frees objects that the first one finalizes.
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
