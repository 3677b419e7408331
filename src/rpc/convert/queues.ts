import { create, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  type DeleteQueueRequest,
  type ListQueuesRequest,
  type ListQueuesResponse,
  ListQueuesResponseSchema,
  type UpdateQueueRequest,
} from "../../../gen/dlq/v1/dlq_admin_service_pb.ts";
import {
  type Queue,
  type QueueConfig,
  QueueConfigSchema,
  QueueSchema,
} from "../../../gen/dlq/v1/queue_pb.ts";
import type { QueuesPage } from "../../app/commands.ts";
import type { QueueDeletion } from "../../app/queues/deletion.ts";
import type { QueuePage, QueueUpdate, QueueView } from "../../app/queues/queue-admin.ts";
import { WIRE_LIMITS } from "./limits.ts";
import { readPage, writeToken } from "./pages.ts";
import { readQueueConfig, writeQueueConfig } from "./queue-config.ts";
import { type QueueMask, readMask } from "./queue-mask.ts";
import { checkQueue, checkText, Violations } from "./violations.ts";

export const PAGE_DEFAULT = 100;
/** A page ends before this, except for a single larger queue. In JSON it may be six times as large: see READ_MAX_BYTES. */
export const PAGE_BYTES = 512 * 1024;

export function readList(request: ListQueuesRequest): QueuesPage {
  const v = new Violations();
  const page = readPage(v, request, PAGE_DEFAULT);
  v.throwIfAny();
  return page;
}

/** Ends the page early if it would be too large. */
export function writePage({ queues, next }: QueuePage): ListQueuesResponse {
  const page: Queue[] = [];
  let bytes = 0;
  for (const view of queues) {
    const queue = writeQueue(view);
    bytes += toBinary(QueueSchema, queue).length;
    if (page.length > 0 && bytes > PAGE_BYTES) break;
    page.push(queue);
  }
  const last = page.length < queues.length ? page.at(-1)?.name : next;
  return create(ListQueuesResponseSchema, { queues: page, nextPageToken: writeToken(last) });
}

export function readQueueName(field: string, queue: string): string {
  const v = new Violations();
  checkQueue(v, field, queue);
  v.throwIfAny();
  return queue;
}

export function readUpdate(request: UpdateQueueRequest): QueueUpdate {
  const v = new Violations();
  const queue = request.queue ?? create(QueueSchema);
  checkQueue(v, "queue.name", queue.name);
  checkText(v, "queue.etag", queue.etag, WIRE_LIMITS.etagBytes);
  const mask = readMask(request.updateMask?.paths ?? [], queue.config ?? create(QueueConfigSchema));
  if ("violations" in mask) {
    for (const { field, description } of mask.violations) v.add(field, description);
    throw v.toError();
  }
  v.throwIfAny();
  return {
    queue: queue.name,
    etag: queue.etag,
    apply(present) {
      const config = mask.apply(present);
      checkTouched(config, mask);
      return config;
    },
  };
}

export function readDelete(request: DeleteQueueRequest): QueueDeletion {
  const v = new Violations();
  const { queue, etag, expectedCount = 0n } = request;
  checkQueue(v, "queue", queue);
  checkText(v, "etag", etag, WIRE_LIMITS.etagBytes);
  if (expectedCount < 0n || expectedCount > BigInt(Number.MAX_SAFE_INTEGER)) {
    v.add("expected_count", `is ${expectedCount}; no queue can hold so many messages`);
  }
  v.throwIfAny();
  return { queue, etag, expectedCount: Number(expectedCount) };
}

/**
 * Checks only the changed fields: errors elsewhere were accepted when those were set, maybe by
 * another version.
 */
function checkTouched(config: QueueConfig, { touched }: QueueMask): void {
  const v = new Violations(CONFIG_PREFIX);
  for (const { field, description } of readQueueConfig(config).violations) {
    if (touched.has(/^\w+/.exec(field)?.[0] ?? "")) v.add(field, description);
  }
  v.throwIfAny();
}

/** Prefix of field paths of QueueConfig in an UpdateQueueRequest. */
export const CONFIG_PREFIX = "queue.config.";

export function writeQueue(view: QueueView): Queue {
  const { name, config, settings, etag, updatedAtMs, exists } = view;
  return create(QueueSchema, {
    name,
    config,
    effectiveConfig: writeQueueConfig(settings),
    etag,
    exists,
    ...(updatedAtMs === undefined ? {} : { updateTime: timestampFromMs(updatedAtMs) }),
  });
}
