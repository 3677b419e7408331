import { create, toJsonString } from "@bufbuild/protobuf";
import {
  MessageContentSchema,
  MessageFilterSchema,
  RefusedRetrySchema,
  RetryPreviewSchema,
  type RetryRequest,
  type RetryResponse,
  RetryResponseSchema,
  type MessageContent as WireContent,
  type MessageFilter as WireFilter,
} from "../../../gen/dlq/v1/dlq_service_pb.ts";
import { MessageState } from "../../../gen/dlq/v1/state_pb.ts";
import type {
  MessageContent,
  MessageFilter,
  RetryCommand,
  RetryResult,
} from "../../app/commands.ts";
import { wirePayload } from "../../codec/message.ts";
import { formatMessageId, parseMessageId } from "../../core/message-id.ts";
import {
  QUARANTINE_REASONS,
  type QuarantineReason,
  quarantineReasonFromNumber,
  REASON_NAMES,
  reasonFromNumber,
} from "../../core/reason.ts";
import { LIMITS } from "../../core/settings.ts";
import { decodeRetryToken, encodeRetryToken } from "./retry-token.ts";
import { REFUSAL_NUMBERS, STATE_NUMBERS } from "./states.ts";
import { readTransforms } from "./transform.ts";
import { checkCount, checkQueue, checkRequestId, Violations } from "./violations.ts";

export function readRetryRequest(request: RetryRequest): RetryCommand {
  const v = new Violations();
  checkRequestId(v, request.requestId);
  checkQueue(v, "queue", request.queue);
  const by = readSelection(v, request);
  const transforms = readTransforms(v, "transforms", request.transforms);
  v.throwIfAny();
  const { requestId, queue, dryRun, showRedacted } = request;
  return { requestId, queue, by, transforms, dryRun, showRedacted };
}

/** Ids in a log line; previews have no more messages. */
const SHOWN_IDS = 10;
const ID_LENGTH = 36;

/** What a request selects, for the log. */
export function shownSelection({ ids, filter }: RetryRequest) {
  if (filter === undefined)
    return { ids: ids.slice(0, SHOWN_IDS).map((id) => id.slice(0, ID_LENGTH)) };
  return { filter: toJsonString(MessageFilterSchema, filter) };
}

function readSelection(v: Violations, request: RetryRequest): RetryCommand["by"] {
  const { ids, expectedCount, pageSize, pageToken } = request;
  if (request.filter === undefined) {
    if (ids.length === 0) v.add("ids", "is empty; give ids or a filter");
    checkCount(v, "ids", ids.length, 0, LIMITS.retryIds);
    for (const [field, isGiven] of [
      ["expected_count", expectedCount !== undefined],
      ["page_size", pageSize !== 0],
      ["page_token", pageToken !== ""],
    ] as const) {
      if (isGiven) v.add(field, "is only for a filter; leave it out");
    }
    return { ids: ids.map(parseMessageId) };
  }
  if (ids.length > 0) v.add("filter", "contradicts ids: give one of them, not both");
  if (expectedCount === undefined && pageToken === "") {
    v.add("expected_count", "is required with a filter: the number of messages that it matches");
  }
  if (pageSize > LIMITS.retryIds) {
    v.add("page_size", `is ${pageSize}; at most ${LIMITS.retryIds} are allowed`);
  }
  const filter = readFilter(v, request.filter);
  const from = pageToken === "" ? undefined : decodeRetryToken(request.queue, filter, pageToken);
  if (pageToken !== "" && from === undefined) {
    v.add(
      "page_token",
      "is not the next_page_token of a Retry with this queue and filter; leave it out to start again",
    );
  }
  return {
    ...{ filter, expectedCount: expectedCount ?? 0, from },
    pageSize: pageSize === 0 ? LIMITS.retryIds : pageSize,
  };
}

function readFilter(v: Violations, filter: WireFilter): MessageFilter {
  /** Converts a list. Unknown numbers are refused: ignoring them would select other messages. */
  const read = <T extends string>(
    field: string,
    numbers: readonly number[],
    name: (n: number) => T | undefined,
    allowed: readonly T[],
  ) =>
    numbers.flatMap((number, index) => {
      const found = name(number);
      if (found === undefined) {
        v.add(
          `filter.${field}[${index}]`,
          `is ${describe(field, number)}; allowed are ${allowed.join(", ")}`,
        );
        return [];
      }
      return [found];
    });
  return {
    states: read("states", filter.states, retryableState, RETRYABLE_STATES),
    reasons: read("reasons", filter.reasons, reasonFromNumber, REASON_NAMES),
    quarantineReasons: read(
      "quarantine_reasons",
      filter.quarantineReasons,
      quarantineReasonFromNumber,
      Object.keys(QUARANTINE_REASONS) as QuarantineReason[],
    ),
  };
}

const RETRYABLE_STATES = ["SCHEDULED", "QUARANTINED"] as const;

/** The name of a refused value, or its number. */
function describe(field: string, number: number): string {
  if (number === 0) return "UNSPECIFIED";
  const states = field === "states" ? Object.entries(STATE_NUMBERS) : [];
  const name = states.find(([, value]) => value === number)?.[0];
  return name ?? `${number}, which is unknown to this server`;
}

function retryableState(state: number): "SCHEDULED" | "QUARANTINED" | undefined {
  if (state === MessageState.SCHEDULED) return "SCHEDULED";
  return state === MessageState.QUARANTINED ? "QUARANTINED" : undefined;
}

export function writeRetry(
  request: RetryRequest,
  { by }: RetryCommand,
  result: RetryResult,
): RetryResponse {
  const { rest } = result;
  const isToContinue = rest !== undefined && "filter" in by && !request.dryRun;
  return create(RetryResponseSchema, {
    remainingCount: rest?.remaining ?? 0,
    nextPageToken: isToContinue ? encodeRetryToken(request.queue, by.filter, rest) : "",
    retriedCount: result.retriedCount,
    refused: result.refused.map(({ index, refusal, id, detail = "" }) =>
      create(RefusedRetrySchema, {
        id: request.ids[index] ?? (id === undefined ? "" : formatMessageId(id)),
        refusal: REFUSAL_NUMBERS[refusal],
        detail,
      }),
    ),
    previews: (result.previews ?? []).map(({ id, before, after, redacted }) =>
      create(RetryPreviewSchema, {
        id: formatMessageId(id),
        before: writeContent(before),
        after: writeContent(after),
        redacted: [...redacted],
      }),
    ),
  });
}

function writeContent({ payload, attributes }: MessageContent): WireContent {
  const content = create(MessageContentSchema);
  content.payload = wirePayload(payload);
  content.attributes = { ...attributes };
  return content;
}
