import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import {
  type ExportedMessage,
  ExportedMessageSchema,
} from "../../gen/dlq/v1/exported_message_pb.ts";
import type { Message } from "../../gen/dlq/v1/message_pb.ts";
import { MessageState, Reason } from "../../gen/dlq/v1/state_pb.ts";
import type { StoredMessage } from "../../gen/dlq/v1/stored_message_pb.ts";
import type { MessageToImport } from "../../src/app/messages/import-messages.ts";
import { DlqError } from "../../src/core/errors.ts";
import { readExported } from "../../src/rpc/convert/imported-message.ts";

export const NOW_MS = Date.parse("2026-01-31T09:00:00Z");
/** Of the server. */
export const PAYLOAD_BYTES = 100;

/** A message as another deployment exported it. */
export interface ExportedParts {
  readonly exported: ExportedMessage;
  readonly stored: StoredMessage;
  readonly message: Message;
}

/** An id of the version that servers make, with its time. */
export function idAt(ms: number): string {
  const time = ms.toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-000000000001`;
}

function sound(): ExportedParts {
  const exported = create(ExportedMessageSchema, {
    stored: {
      ...{ state: MessageState.SCHEDULED, failures: [{ failure: { type: "First" } }] },
      message: {
        ...{ id: idAt(NOW_MS), queue: "orders", reason: Reason.TIMEOUT, failureCount: 1_000 },
        payload: { body: { case: "text", value: "{}" } },
        dueTime: timestampFromMs(NOW_MS),
      },
    },
  });
  const { stored } = exported;
  if (stored?.message === undefined) throw new Error("it has no message");
  return { exported, stored, message: stored.message };
}

/** Reads a message with a change, as an import does. `queue`: where it goes; empty: to its own. */
export function readChanged(change: (parts: ExportedParts) => void, queue = ""): MessageToImport {
  const parts = sound();
  change(parts);
  const limits = { payloadMaxBytes: PAYLOAD_BYTES, nowMs: NOW_MS };
  return readExported(parts.exported, queue, limits, "");
}

/** Returns `FIELD DESCRIPTION` of all that an import refuses in a message with a change. */
export function refusals(change: (parts: ExportedParts) => void, queue = ""): string[] {
  try {
    readChanged(change, queue);
    return [];
  } catch (error) {
    if (!(error instanceof DlqError) || error.detail.kind !== "INVALID") throw error;
    return error.detail.violations.map(({ field, description }) => `${field} ${description}`);
  }
}

/** Tests that a message is read at the limit, and refused beyond it. `queue`: where it goes; empty: to its own. */
export function testLimit<T>(
  what: string,
  values: readonly [limit: T, beyond: T],
  set: (parts: ExportedParts, value: T) => void,
  refusal: string,
  queue = "",
): void {
  test(what, () => {
    const [limit, beyond] = values;
    expect(refusals((parts) => set(parts, limit), queue)).toEqual([]);
    expect(refusals((parts) => set(parts, beyond), queue)).toEqual([refusal]);
  });
}
