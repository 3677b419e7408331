import type { SessionRecord } from "../contract.ts";
import { QUEUE_KEYS, queueBase } from "./keys.ts";

/** Scripts name a session by the 16 bytes of its id. */
export function sessionBytes(session: SessionRecord): Buffer {
  return Buffer.from(session.sessionId.replaceAll("-", ""), "hex");
}

/** The streams that are open on a queue. */
export function workersKey(prefix: string, queue: string): string {
  return queueBase(prefix, queue) + QUEUE_KEYS.workers;
}

/** What a queue may have of a stream: the list of all, the leases of its session, and its entry when it has ended. */
export function keysOfStream(prefix: string, queue: string, session: Buffer): (string | Buffer)[] {
  const own = [QUEUE_KEYS.session, QUEUE_KEYS.endedStream].map((family) =>
    Buffer.concat([Buffer.from(queueBase(prefix, queue) + family), session]),
  );
  return [workersKey(prefix, queue), ...own];
}
