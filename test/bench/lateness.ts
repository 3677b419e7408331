// How late due messages reach a worker: `node test/bench/lateness.ts --rate 1000 --seconds 10`.
// Starts a server of its own on an embedded Redis, unless `--address host:port` names one.

import { parseArgs } from "node:util";
import { connectTo } from "../support/grpc.ts";
import { measureLateness, quantile } from "../support/lateness.ts";
import { startTestServer } from "../support/server.ts";

const { values } = parseArgs({
  options: {
    rate: { type: "string", default: "1000" },
    seconds: { type: "string", default: "10" },
    "max-in-flight": { type: "string", default: "1000" },
    address: { type: "string" },
  },
});

const own = values.address === undefined ? await startTestServer() : undefined;
const client = connectTo(values.address ?? own?.grpcAddress ?? "");
try {
  const rate = Number(values.rate);
  const late = await measureLateness(client.dlq, {
    queue: `lateness-${Date.now()}`,
    rate,
    seconds: Number(values.seconds),
    maxInFlight: Number(values["max-in-flight"]),
  });
  const ms = (share: number) => `${quantile(late, share)} ms`;
  console.table({
    [`${rate} due a second`]: {
      messages: late.length,
      p50: ms(0.5),
      p90: ms(0.9),
      p99: ms(0.99),
      "p99.9": ms(0.999),
      max: ms(1),
    },
  });
} finally {
  client.close();
  await own?.stop();
}
