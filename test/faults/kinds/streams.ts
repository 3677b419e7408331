import { once } from "node:events";
import { type ClientHttp2Session, connect } from "node:http2";
import { setImmediate } from "node:timers/promises";
import { create, toBinary } from "@bufbuild/protobuf";
import { StreamDueRequestSchema } from "../../../gen/dlq/v1/dlq_service_pb.ts";
import { LOAD_QUEUES } from "../rig/crew.ts";
import type { FaultKind } from "./kind.ts";

const STREAMS = 2_000;
/** Resets at once before the next are opened; a server may end a session that resets too many. */
const AT_ONCE = 50;

export const resetStorm: FaultKind = {
  name: "stream-reset-storm",
  words: `${STREAMS} streams of deliveries are opened and reset at once, some before their first frame`,
  touches: [],
  async run({ world, random }) {
    const url = `http://${random.pick(world.servers).grpcAddress}`;
    let session = await open(url);
    let sessions = 1;
    for (let n = 0; n < STREAMS; n += AT_ONCE) {
      if (session.closed || session.destroyed) {
        session = await open(url);
        sessions++;
      }
      await openAndReset(session, random.below(3));
    }
    session.destroy();
    return `${sessions} connections`;
  },
};

async function open(url: string): Promise<ClientHttp2Session> {
  const session = connect(url);
  session.on("error", () => {}); // the server may well have had enough
  await Promise.race([once(session, "connect"), once(session, "close")]);
  return session;
}

/** @param turns how many turns of the event loop the streams may live */
async function openAndReset(session: ClientHttp2Session, turns: number): Promise<void> {
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
  const closed = streams.map((stream) => (stream.closed ? undefined : once(stream, "close")));
  for (const stream of streams) stream.close(8); // CANCEL
  await Promise.allSettled(closed);
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
