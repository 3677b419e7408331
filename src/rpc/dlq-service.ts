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
} from "../../gen/dlq/v1/dlq_service_pb.ts";
import type { Dlq, SendCommand } from "../app/commands.ts";
import { DlqError, internal } from "../core/errors.ts";
import { readAck, writeAck } from "./convert/ack.ts";
import { checkCount } from "./convert/checks.ts";
import { readExtend, writeExtend } from "./convert/lease.ts";
import { WIRE_LIMITS } from "./convert/limits.ts";
import { readRetryRequest, writeRetry } from "./convert/retry.ts";
import { readSend, type SendRules, writeSend } from "./convert/send.ts";
import { readStats, writeStats } from "./convert/stats.ts";
import { Violations } from "./convert/violations.ts";
import { toErrorStatus } from "./error-map.ts";
import { streamDue } from "./stream-due.ts";

export interface DlqServiceOptions {
  dlq: Dlq;
  /** Largest payload of a message. */
  payloadMaxBytes: number;
  /** How long acks are taken after a `drain` frame that the transport itself sends. */
  drainGraceMs: number;
  /** Logs what a batch must not tell its sender, and returns the id to look for. */
  reportInternal: (error: unknown, method: string) => string;
  /** Wall clock in ms. */
  now?: () => number;
}

/** Reads requests, calls the use cases, writes responses: nothing is decided here. */
export function createDlqService(options: DlqServiceOptions): ServiceImpl<typeof DlqService> {
  const { dlq, payloadMaxBytes } = options;
  const now = options.now ?? Date.now;
  const rules = (): SendRules => ({ payloadMaxBytes, nowMs: now() });

  return {
    async sendToDlq(request) {
      const [result] = await dlq.send([readSend(request, rules())]);
      if (result === undefined) throw internal(new Error("a send without a result"));
      if (result instanceof DlqError) throw result;
      return writeSend(result);
    },

    async sendToDlqBatch(request) {
      const response = create(SendToDlqBatchResponseSchema);
      response.results = await sendBatch(request, rules(), options);
      return response;
    },

    streamDue: (request, context) => streamDue(dlq, request, context, options.drainGraceMs),

    async ack(request) {
      const { requestId, outcomes } = readAck(request);
      return writeAck(await dlq.ack(requestId, outcomes));
    },

    async extendLease(request) {
      return writeExtend(request, await dlq.extend(readExtend(request)));
    },

    async retry(request, { signal }) {
      return writeRetry(request, await dlq.retry(readRetryRequest(request), signal));
    },

    async stats(request) {
      return writeStats(await dlq.stats(readStats(request)));
    },
  };
}

/** Each request is accepted or refused by itself; what is valid goes to the store in one call. */
async function sendBatch(
  batch: SendToDlqBatchRequest,
  rules: SendRules,
  options: DlqServiceOptions,
): Promise<SendToDlqBatchResult[]> {
  const v = new Violations();
  checkCount(v, "requests", batch.requests.length, 1, WIRE_LIMITS.items);
  v.throwIfAny();

  const read = batch.requests.map((request, index) => {
    try {
      return readSend(request, rules, `requests[${index}].`);
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
    if (result === undefined) throw internal(new Error("a send without a result"));
    return result instanceof DlqError
      ? batchResult({ case: "error", value: refused(result, options) })
      : batchResult({ case: "response", value: writeSend(result) });
  });
}

function refused(error: DlqError, { reportInternal }: DlqServiceOptions): ErrorStatus {
  if (error.kind !== "INTERNAL") return toErrorStatus(error);
  return toErrorStatus(error, reportInternal(error.cause ?? error, "SendToDlqBatch"));
}

type BatchOutcome =
  | { case: "response"; value: SendToDlqResponse }
  | { case: "error"; value: ErrorStatus };

function batchResult(outcome: BatchOutcome): SendToDlqBatchResult {
  const result = create(SendToDlqBatchResultSchema);
  result.outcome = outcome;
  return result;
}
