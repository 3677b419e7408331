import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  type MessageEvent,
  MessageEventKind,
  MessageEventSchema,
} from "../../../gen/dlq/v1/stored_message_pb.ts";
import type { StoredEvent } from "../../app/messages/message-admin.ts";
import { QUARANTINE_REASONS } from "../../core/reason.ts";

const KINDS = {
  RETRIED: MessageEventKind.RETRIED,
  LEASE_LOST: MessageEventKind.LEASE_LOST,
  LEASE_BROKEN: MessageEventKind.LEASE_BROKEN,
  MOVED: MessageEventKind.MOVED,
  MOVE_REFUSED: MessageEventKind.MOVE_REFUSED,
  QUARANTINED: MessageEventKind.QUARANTINED,
  IMPORTED: MessageEventKind.IMPORTED,
  UNDELETED: MessageEventKind.UNDELETED,
} as const satisfies Record<StoredEvent["kind"], MessageEventKind>;

/** Kinds by their number. */
export const EVENT_KINDS: ReadonlyMap<number, StoredEvent["kind"]> = new Map(
  (Object.keys(KINDS) as StoredEvent["kind"][]).map((kind) => [KINDS[kind], kind]),
);

export function writeTimelineEvent({
  kind,
  atMs,
  startedAtMs,
  delivery,
  quarantineReason,
  ...texts
}: StoredEvent): MessageEvent {
  const { workerId = "", server = "", caller = "", queue = "", note } = texts;
  const event = create(MessageEventSchema, {
    ...{ kind: KINDS[kind], time: timestampFromMs(atMs), deliveryNumber: delivery },
    ...{ workerId, server, caller, queue, note },
  });
  if (startedAtMs !== undefined) event.startTime = timestampFromMs(startedAtMs);
  if (quarantineReason !== undefined) event.quarantineReason = QUARANTINE_REASONS[quarantineReason];
  return event;
}
