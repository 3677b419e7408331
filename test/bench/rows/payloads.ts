// Sending and delivery with other sizes, of random text and of JSON. Batches are smaller if 100 messages do not fit in a call.

import type { Content } from "../load/commands.ts";
import { RATE, type Row } from "../row.ts";
import type { SystemName } from "../systems/system.ts";
import { HELD, openDeliver } from "./deliver.ts";
import { openSend } from "./send.ts";

const SIZES = [
  ["64B", 64],
  ["1KiB", 1_024],
  ["64KiB", 64 * 1_024],
  ["1MiB", 1_024 * 1_024],
] as const;

/** The service accepts 3.5 MiB in a call. */
const CALL_BYTES = 3.2 * 2 ** 20;
const BATCH_MAX = 100;
const BATCHES_IN_FLIGHT = 4;

/** Messages for one second of a sample, limited by bytes. */
const PER_SECOND = 20_000;
const BYTES_PER_SECOND = 128 * 2 ** 20;

/** A worker holds fewer large messages, and a sample has several times as many as it holds. */
const HELD_BYTES = 16 * 2 ** 20;
const ROUNDS_MIN = 4;

const SYSTEMS: readonly SystemName[] = ["dlq:always", "bullmq:always"];

export const payloads: readonly Row[] = SIZES.flatMap(([name, bytes]) => [
  ...rowsOf(name, bytes, "random", SYSTEMS),
  // Only this service compresses.
  ...rowsOf(`${name}-json`, bytes, "json", ["dlq:always"]),
]);

function rowsOf(
  name: string,
  bytes: number,
  content: Content,
  systems: readonly SystemName[],
): readonly Row[] {
  const batch = Math.max(1, Math.min(BATCH_MAX, Math.floor(CALL_BYTES / bytes)));
  const shared = { measures: [RATE], systems, short: [] };
  const calls = { batch, inFlight: BATCHES_IN_FLIGHT, content };
  const each = `${name.replace("-json", " of JSON")} each`;
  const send: Row = {
    ...shared,
    name: `send-${name}`,
    words: `send, batches of ${batch}, ${each}`,
    open: (context) => openSend(context, { ...calls, bytes }),
  };
  const deliver: Row = {
    ...shared,
    name: `deliver-${name}`,
    words: `deliver + ack, 1 worker, ${each}`,
    async open(context) {
      const perSecond = Math.min(PER_SECOND, BYTES_PER_SECOND / bytes);
      const held = Math.max(1, Math.min(HELD, Math.floor(HELD_BYTES / bytes)));
      const count = Math.max(ROUNDS_MIN * held, Math.round(perSecond * context.scale.seconds));
      return openDeliver(context, { processes: 1, bytes, held, count, calls });
    },
  };
  return [send, deliver];
}
