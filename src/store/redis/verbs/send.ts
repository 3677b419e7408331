import { randomBytes } from "node:crypto";
import { QUARANTINE_REASONS, REASONS } from "../../../core/reason.ts";
import type { SendItem, SendReply, SendSettings } from "../../contract.ts";
import { digest } from "../digest.ts";
import { ReplyReader } from "../reply.ts";
import { storedQuarantineReason, storedReason, storedState } from "../states.ts";
import type { RunScript } from "./run.ts";

const NOTHING = new Uint8Array();

export async function runSend(
  run: RunScript,
  queue: string,
  items: readonly SendItem[],
  settings: SendSettings,
  journalMax: number,
): Promise<SendReply[]> {
  const reply = (await run(
    "send",
    queue,
    {
      max_messages: settings.maxMessages,
      max_bytes: settings.maxBytes,
      poison_threshold: settings.poisonThreshold,
      poison_window: settings.poisonWindowMs,
      dedup_window: settings.dedupWindowMs,
      journal_max: journalMax,
    },
    items.map((item) => {
      const dedup = settings.dedupWindowMs > 0 ? digest(item.dedupKey, 16) : NOTHING;
      return {
        // Ends the message's id; the script uses 34 bits of it.
        random: randomBytes(5),
        request: digest(item.requestId, 16),
        envelope: item.envelope,
        reason: REASONS[item.reason],
        qreason: item.quarantineReason ? QUARANTINE_REASONS[item.quarantineReason] : 0,
        delay: item.delayMs,
        due_at: item.dueAtMs ?? "",
        ttl: item.ttlMs,
        retry: item.retrySettings,
        source: digest(item.sourceId, 8),
        dedup,
        payload_hash: dedup.length > 0 ? item.payloadHash : NOTHING,
        // Only a joining failure is stored apart; the first one is in the envelope.
        failure: dedup.length > 0 ? item.failure : NOTHING,
      };
    }),
  )) as Buffer;
  const reader = new ReplyReader(reply);
  return items.map(() => readReply(reader));
}

const STATUS_JOINED = 1;
const STATUS_FULL_MESSAGES = 2;
const STATUS_FULL_BYTES = 3;
const REPEATED = 16;

function readReply(reader: ReplyReader): SendReply {
  const marked = reader.u8();
  const repeated = marked >= REPEATED;
  const status = repeated ? marked - REPEATED : marked;
  const id = reader.bytes(16);
  const state = reader.u8();
  const reason = reader.u8();
  const quarantineReason = reader.u8();
  const dueAtMs = reader.ms();
  if (status === STATUS_FULL_MESSAGES) return { status: "full", what: "messages" };
  if (status === STATUS_FULL_BYTES) return { status: "full", what: "bytes" };
  return {
    status: "stored",
    joined: status === STATUS_JOINED,
    repeated,
    id,
    state: storedState(state),
    reason: storedReason(reason),
    quarantineReason: storedQuarantineReason(quarantineReason),
    dueAtMs,
  };
}
