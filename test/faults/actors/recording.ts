// Records all calls on the wire, including failed tries: below the retries of the client, if it has any.

import { setTimeout as sleep } from "node:timers/promises";
import type { MessageShape } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import {
  type AckRequest,
  type AckResponse,
  AckStatus,
  type ExtendLeaseRequest,
  type ExtendLeaseResponse,
  type SendToDlqBatchRequestSchema,
  type SendToDlqBatchResponse,
  type SendToDlqRequest,
  type SendToDlqRequestSchema,
  type SendToDlqResponse,
} from "../../../gen/dlq/v1/dlq_service_pb.ts";
import { MessageState } from "../../../gen/dlq/v1/state_pb.ts";
import type { OutcomeKind } from "../history/event.ts";
import type { HistoryWriter } from "../history/writer.ts";
import { nameOf } from "./names.ts";
import { editedPayload, readPayload, sumOf } from "./payloads.ts";
import { recordedStream } from "./recorded-stream.ts";

/** Codes of the server's errors that prove that nothing changed. Such errors have details, those of a link do not. */
const REFUSALS: ReadonlySet<Code> = new Set([
  Code.InvalidArgument,
  Code.NotFound,
  Code.ResourceExhausted,
  Code.FailedPrecondition,
]);

const CHECK_MS = 5;
/** Calls whose end is not recorded yet. */
let open = 0;

/** Resolves when the end of each call is recorded. Some calls end after the client has given them up. */
export async function untilAnswered(): Promise<void> {
  while (open > 0) await sleep(CHECK_MS);
}

export function recording(history: HistoryWriter): Interceptor {
  let calls = 0;
  return (next) => async (request) => {
    if (request.stream) {
      const response = await next(request);
      if (!response.stream) return response;
      return { ...response, message: recordedStream(response.message, history) };
    }
    const record = recordOf(request.message, history, `call-${++calls}`);
    open++;
    try {
      const response = await next(request);
      if (!response.stream) record?.answered(response.message);
      return response;
    } catch (reason) {
      record?.failed(errorOf(reason));
      throw reason;
    } finally {
      open--;
    }
  };
}

interface ErrorFields {
  readonly code: string;
  readonly refused: boolean;
}

/** Records the answer or the failure of a call whose request is recorded. */
interface CallRecord {
  answered(response: object): void;
  failed(error: ErrorFields): void;
}

function recordOf(message: object, history: HistoryWriter, call: string): CallRecord | undefined {
  switch ((message as { $typeName?: string }).$typeName) {
    case "dlq.v1.SendToDlqRequest":
      return recordSends([message as SendToDlqRequest], history);
    case "dlq.v1.SendToDlqBatchRequest":
      return recordSends(
        (message as MessageShape<typeof SendToDlqBatchRequestSchema>).requests,
        history,
      );
    case "dlq.v1.AckRequest":
      return recordAck(message as AckRequest, history);
    case "dlq.v1.ExtendLeaseRequest":
      return recordExtend(message as ExtendLeaseRequest, history, call);
    default:
      return undefined;
  }
}

function recordSends(
  requests: readonly MessageShape<typeof SendToDlqRequestSchema>[],
  history: HistoryWriter,
): CallRecord {
  for (const { requestId: request, sourceId: source, queue, payload } of requests) {
    const text = payload?.body.case === "text" ? payload.body.value : "";
    const { plan } = readPayload(text);
    const edited = sumOf(editedPayload(text));
    history.write({ e: "sending", request, source, queue, sum: sumOf(text), edited, plan });
  }
  const sent = (request: string, response: SendToDlqResponse) =>
    history.write({
      e: "sent",
      request,
      id: response.id,
      state: nameOf(MessageState, response.state),
      dueAt: response.dueTime === undefined ? 0 : timestampMs(response.dueTime),
    });
  return {
    answered(response) {
      if (!("results" in response)) {
        sent(requests[0]?.requestId ?? "", response as SendToDlqResponse);
        return;
      }
      const { results } = response as SendToDlqBatchResponse;
      for (const [at, { requestId: request }] of requests.entries()) {
        const outcome = results[at]?.outcome;
        if (outcome?.case === "response") sent(request, outcome.value);
        else {
          const code: Code = outcome?.value?.code ?? Code.Internal;
          history.write({ e: "unsent", request, code: Code[code], refused: REFUSALS.has(code) });
        }
      }
    },
    failed(error) {
      for (const { requestId: request } of requests)
        history.write({ e: "unsent", request, ...error });
    },
  };
}

function recordAck(message: AckRequest, history: HistoryWriter): CallRecord {
  const { requestId: request } = message;
  const outcomes = message.outcomes.map(({ leaseToken: token, result }) => ({
    token,
    outcome: result.case as OutcomeKind,
    ...(result.case === "failed" && result.value.nonRetryable ? { nonRetryable: true } : {}),
  }));
  history.write({ e: "acking", request, outcomes });
  return {
    answered(response) {
      const results = (response as AckResponse).results.map(({ status, state, dueTime }) => ({
        status: nameOf(AckStatus, status),
        ...(state === MessageState.UNSPECIFIED ? {} : { state: nameOf(MessageState, state) }),
        ...(dueTime === undefined ? {} : { dueAt: timestampMs(dueTime) }),
      }));
      history.write({ e: "acked", request, results });
    },
    failed: (error) => history.write({ e: "unacked", request, ...error }),
  };
}

function recordExtend(
  message: ExtendLeaseRequest,
  history: HistoryWriter,
  request: string,
): CallRecord {
  history.write({ e: "extending", request, tokens: message.leaseTokens });
  return {
    answered(response) {
      const leases = (response as ExtendLeaseResponse).results.flatMap((result) => {
        const { leaseToken: token, status, leaseExpireTime: until } = result;
        if (status !== AckStatus.APPLIED || until === undefined) return [];
        return [{ token, expires: timestampMs(until) }];
      });
      history.write({ e: "extended", request, leases });
    },
    failed: ({ code }) => history.write({ e: "unextended", request, code }),
  };
}

export function errorOf(reason: unknown): ErrorFields {
  const error = ConnectError.from(reason);
  const refused = REFUSALS.has(error.code) && error.details.length > 0;
  return { code: Code[error.code], refused };
}
