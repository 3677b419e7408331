import { create } from "@bufbuild/protobuf";
import {
  type CountMessagesRequest,
  type CountMessagesResponse,
  CountMessagesResponseSchema,
} from "../../../gen/dlq/v1/dlq_admin_service_pb.ts";
import type { CountMessagesCommand, MessageCounts } from "../../app/messages/count-messages.ts";
import { compileFilter, compileValue, type Filter, type MessageValue } from "../../rules/filter.ts";
import { WIRE_LIMITS } from "./limits.ts";
import { readExpression, readPattern } from "./message-selection.ts";
import { checkCount, Violations } from "./violations.ts";

export function readCountMessages(request: CountMessagesRequest): CountMessagesCommand {
  const v = new Violations();
  const queues = readPattern(v, request.queue);
  const filter = readExpression(v, "filter", () => compileFilter(request.filter));
  checkCount(v, "by", request.by.length, 0, WIRE_LIMITS.countValues);
  v.throwIfAny();
  const by = request.by.map((text, index) =>
    readExpression(v, `by[${index}]`, () => compileValue(text)),
  );
  v.throwIfAny();
  const { showRedacted } = request;
  return { queues, filter: filter as Filter, by: by as MessageValue[], showRedacted };
}

export function writeCounts(so: MessageCounts): CountMessagesResponse {
  return create(CountMessagesResponseSchema, {
    counts: so.counts.map(({ values, count }) => ({ values: [...values], count: BigInt(count) })),
    otherCount: BigInt(so.others),
    examinedCount: BigInt(so.examined),
    redactedCount: BigInt(so.redacted),
    damagedCount: BigInt(so.damaged),
    queue: so.queue,
    done: so.isDone,
  });
}
