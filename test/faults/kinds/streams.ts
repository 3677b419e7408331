import { once } from "node:events";
import { type ClientHttp2Session, connect } from "node:http2";
import { setImmediate } from "node:timers/promises";
import { create, toBinary } from "@bufbuild/protobuf";
import { StreamDueRequestSchema } from "../../../gen/dlq/v1/dlq_service_pb.ts";
import { until } from "../../support/until.ts";
import { LOAD_QUEUES } from "../rig/queues.ts";
import type { FaultKind } from "./kind.ts";

const STREAMS = 2_000;
/** Streams that are reset at once before the next ones. A server may end a connection with too many resets. */
const AT_ONCE = 50;
/** Long, because a server may be down or stopped at the same time. */
const STORM_DEADLINE_MS = 180_000;

export const resetStorm: FaultKind = {
  name: "stream-reset-storm",
  words: `${STREAMS} delivery streams are opened and reset at once, some before their first frame`,
  touches: [],
  async run({ environment, random }) {
    const url = `http://${random.pick(environment.servers).grpcAddress}`;
    let session: ClientHttp2Session | undefined;
    let sessions = 0;
    let streams = 0;
    const storm = async () => {
      if (session === undefined || session.closed || session.destroyed) {
        session = await open(url); // the server may have closed it, or be down by another fault
        if (session !== undefined) sessions++;
      }
      streams += session === undefined ? 0 : await openAndReset(session, random.below(3));
      return streams >= STREAMS || undefined;
    };
    await until(`${STREAMS} streams to open`, storm, STORM_DEADLINE_MS);
    session?.destroy();
    return `${sessions} connections`;
  },
};

/** Undefined if the server does not answer. */
async function open(url: string): Promise<ClientHttp2Session | undefined> {
  const session = connect(url);
  session.on("error", () => {});
  const ends = [once(session, "remoteSettings"), once(session, "close")];
  await Promise.race(ends).catch(() => session.destroy()); // no server listens
  return session.closed || session.destroyed ? undefined : session;
}

/**
 * Returns how many streams were written to the network.
 * @param turns turns of the event loop before the resets
 */
async function openAndReset(session: ClientHttp2Session, turns: number): Promise<number> {
  const request = frame();
  const streams = Array.from({ length: AT_ONCE }, () => {
    const stream = session.request({
      ":method": "POST",
      ":path": "/dlq.v1.DlqService/StreamDue",
      "content-type": "application/grpc",
      te: "trailers",
    });
    stream.on("error", () => {});
    stream.resume();
    stream.end(request);
    return stream;
  });
  for (let turn = 0; turn < turns; turn++) await setImmediate();
  const alive = streams.filter((stream) => stream.id !== undefined && !stream.closed);
  const closed = streams.map((stream) => (stream.closed ? undefined : once(stream, "close")));
  for (const stream of streams) stream.close(8); // CANCEL
  await Promise.allSettled(closed);
  return alive.length;
}

function frame(): Buffer {
  const queues = [...LOAD_QUEUES];
  const message = toBinary(
    StreamDueRequestSchema,
    create(StreamDueRequestSchema, { queues, workerId: "storm", maxInFlight: 4 }),
  );
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}
