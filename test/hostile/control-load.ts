// A harmless process that uses as much CPU as an attack: its own by a loop, and that of the server by ordinary calls. It
// shows how much other clients lose only because they share cores.

import { frameOf } from "../../src/rpc/grpc/frames.ts";
import { call, openSession, STATS } from "./calls.ts";
import { cpuMs } from "./process-figures.ts";

export interface ControlOrder {
  readonly grpc: string;
  readonly serverPid: number;
  /** Milliseconds of CPU per second, beyond the load of the steady client. */
  readonly serverCpu: number;
  readonly ownCpu: number;
}

const TICK_MS = 10;
const EMPTY = frameOf(new Uint8Array(0));

function run({ grpc, serverPid, serverCpu, ownCpu }: ControlOrder): void {
  const session = openSession(grpc);
  const startedAtMs = performance.now();
  const before = { server: cpuMs(serverPid), own: cpuMs(process.pid) };
  let underWay = 0;
  setInterval(() => {
    const seconds = (performance.now() - startedAtMs) / 1_000;
    const served = cpuMs(serverPid) - before.server;
    for (let calls = 0; served < serverCpu * seconds && calls < 40 && underWay < 80; calls++) {
      underWay++;
      const done = () => {
        underWay--;
      };
      call(session, STATS, EMPTY).then(done, done);
    }
    const until = performance.now() + TICK_MS;
    while (cpuMs(process.pid) - before.own < ownCpu * seconds && performance.now() < until) {
      Math.sqrt(performance.now());
    }
  }, TICK_MS);
}

process.on("message", run);
process.on("disconnect", () => process.exit());
