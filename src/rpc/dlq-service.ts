import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  type DlqService,
  type ErrorStatus,
  type SendToDlqBatchRequest,
  SendToDlqBatchResponseSchema,
  type SendToDlqBatchResult,
  SendToDlqBatchResultSchema,
  type SendToDlqResponse,
  type StreamDueResponse,
} from "../../gen/dlq/v1/dlq_service_pb.ts";
import type { Dlq, SendCommand } from "../app/commands.ts";
import type { BeginWatch, WatchEvents } from "../app/events/watch-events.ts";
import { DlqError, internal } from "../core/errors.ts";
import { callerOf } from "./caller.ts";
import { readAck, writeAck } from "./convert/ack.ts";
import { eventBatchBytes, readWatchEvents, writeEventBatch } from "./convert/events.ts";
import { readExtend, writeExtend } from "./convert/lease.ts";
import { WIRE_LIMITS } from "./convert/limits.ts";
import { readRetryRequest, shownSelection, writeRetry } from "./convert/retry.ts";
import { readSend, type SendLimits, writeSend } from "./convert/send.ts";
import { readStats, writeStats } from "./convert/stats.ts";
import { checkCount, Violations } from "./convert/violations.ts";
import type { LogDisclosure } from "./disclosures.ts";
import { toErrorStatus } from "./error-map.ts";
import { streamDue } from "./stream-due.ts";
import type { StreamQueues } from "./stream-queues.ts";
import type { Watches } from "./watch-calls.ts";

export interface DlqServiceOptions {
  dlq: Dlq;
  events: WatchEvents;
  watches: Watches;
  /** Largest payload of a message, in bytes. */
  payloadMaxBytes: number;
  /** How long acks are accepted after a `drain` frame of the transport. */
  drainGraceMs: number;
  streamQueues: StreamQueues;
  logDisclosure: LogDisclosure;
  /** Logs an internal error of a batch and returns its id for the sender. */
  reportInternal: (error: unknown, method: string) => string;
  /** Wall clock in ms. */
  now?: () => number;
}

/** Reads requests, calls the use cases, writes responses. Decides nothing. */
export function createDlqService(options: DlqServiceOptions): ServiceImpl<typeof DlqService> {
  const { dlq, events, watches, payloadMaxBytes, logDisclosure } = options;
  const now = options.now ?? Date.now;
  const limits = (): SendLimits => ({ payloadMaxBytes, nowMs: now() });

  return {
    async sendToDlq(request) {
      const [result] = await dlq.send([readSend(request, limits())]);
      if (result === undefined) throw internal(new Error("a send has no result"));
      if (result instanceof DlqError) throw result;
      return writeSend(result);
    },

    async sendToDlqBatch(request) {
      const response = create(SendToDlqBatchResponseSchema);
      response.results = await sendBatch(request, limits(), options);
      return response;
    },

    // Connect's types do not have the messages that the gRPC port takes encoded.
    streamDue: (request, context) =>
      streamDue(dlq, request, context, options) as AsyncGenerator<StreamDueResponse>,

    async ack(request, context) {
      const { requestId, outcomes } = readAck(request);
      const results = await dlq.ack(requestId, outcomes, callerOf(context).caller);
      return writeAck(results, damageReport("Ack", options));
    },

    async extendLease(request) {
      const results = await dlq.extend(readExtend(request));
      return writeExtend(request, results, damageReport("ExtendLease", options));
    },

    async retry(request, context) {
      const command = { ...readRetryRequest(request), ...callerOf(context) };
      logDisclosure(request, context, "Retry", shownSelection(request));
      return writeRetry(request, command, await dlq.retry(command, context.signal));
    },

    async stats(request) {
      const { queues, page } = readStats(request);
      return writeStats(await dlq.stats(queues, page), queues.length === 0);
    },

    async *watchEvents(request, context) {
      const command = readWatchEvents(request);
      const open = (signal: AbortSignal, begin: BeginWatch) => events(command, signal, begin);
      const { text: sharedText, patternSteps } = command.filter;
      const filter = { sharedText, patternSteps };
      const batches = watches.run(open, context, { filter, bytesOf: eventBatchBytes });
      for await (const batch of batches) yield writeEventBatch(batch);
    },
  };
}

/** Accepts or refuses each request separately. The valid ones go to the store in one call. */
async function sendBatch(
  batch: SendToDlqBatchRequest,
  limits: SendLimits,
  options: DlqServiceOptions,
): Promise<SendToDlqBatchResult[]> {
  const v = new Violations();
  checkCount(v, "requests", batch.requests.length, 1, WIRE_LIMITS.items);
  v.throwIfAny();

  const read = batch.requests.map((request, index) => {
    try {
      return readSend(request, limits, `requests[${index}].`);
    } catch (error) {
      if (error instanceof DlqError) return error;
      throw error;
    }
  });
  const commands = read.filter((one): one is SendCommand => !(one instanceof DlqError));
  const sent = commands.length === 0 ? [] : await options.dlq.send(commands);

  let next = 0;
  return read.map((one) => {
    const result = one instanceof DlqError ? one : sent[next++];
    if (result === undefined) throw internal(new Error("a send has no result"));
    return result instanceof DlqError
      ? batchResult({ case: "error", value: refused(result, options) })
      : batchResult({ case: "response", value: writeSend(result) });
  });
}

function refused(error: DlqError, { reportInternal }: DlqServiceOptions): ErrorStatus {
  if (error.kind !== "INTERNAL") return toErrorStatus(error);
  return toErrorStatus(error, reportInternal(error.cause ?? error, "SendToDlqBatch"));
}

/** Returns a function that logs each error of a queue once, and returns the text for its results. */
function damageReport(method: string, { reportInternal }: DlqServiceOptions) {
  const texts = new Map<DlqError, string>();
  return (error: DlqError): string => {
    const text =
      texts.get(error) ??
      `the server failed on the data of this queue; its log has the cause under ${reportInternal(error.cause ?? error, method)}`;
    texts.set(error, text);
    return text;
  };
}

type BatchOutcome =
  | { case: "response"; value: SendToDlqResponse }
  | { case: "error"; value: ErrorStatus };

function batchResult(outcome: BatchOutcome): SendToDlqBatchResult {
  const result = create(SendToDlqBatchResultSchema);
  result.outcome = outcome;
  return result;
}
