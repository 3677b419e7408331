import { create } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  type BreakLeaseResponse,
  BreakLeaseResponseSchema,
  type ListWorkersRequest,
  type ListWorkersResponse,
  ListWorkersResponseSchema,
  type QuietWorkerRequest,
  type Worker,
  WorkerSchema,
} from "../../../gen/dlq/v1/dlq_admin_service_pb.ts";
import type { BrokenLease, ListedWorker } from "../../app/queues/worker-admin.ts";
import { formatMessageId } from "../../core/message-id.ts";
import type { QueuePattern } from "../../core/queue-pattern.ts";
import { checkSession } from "./lease.ts";
import { WIRE_LIMITS } from "./limits.ts";
import { readPattern } from "./message-selection.ts";
import { Violations } from "./violations.ts";

export function writeWorkers(workers: readonly ListedWorker[]): ListWorkersResponse {
  const byAge = workers.toSorted(
    (a, b) => (a.oldestSinceMs ?? Infinity) - (b.oldestSinceMs ?? Infinity) || 0,
  );
  return create(ListWorkersResponseSchema, {
    workers: byAge.slice(0, WIRE_LIMITS.items).map(writeWorker),
    totalCount: BigInt(workers.length),
  });
}

export function writeBrokenLease(broken: BrokenLease | undefined): BreakLeaseResponse {
  if (broken === undefined) return create(BreakLeaseResponseSchema);
  const { workerId = "", heldMs } = broken;
  return create(BreakLeaseResponseSchema, { broken: true, workerId, held: durationFromMs(heldMs) });
}

export function readListWorkers({ queue }: ListWorkersRequest): QueuePattern {
  const v = new Violations();
  const queues = readPattern(v, queue);
  v.throwIfAny();
  return queues;
}

export function readQuiet({ sessionId, quiet = true }: QuietWorkerRequest) {
  const v = new Violations();
  checkSession(v, "session_id", sessionId);
  v.throwIfAny();
  return { sessionId, quiet };
}

function writeWorker(worker: ListedWorker): Worker {
  const { queue, sessionId, workerId, server, isOpen, maxInFlight, quiet, held, oldestSinceMs } =
    worker;
  return create(WorkerSchema, {
    queue,
    workerId: workerId ?? "",
    sessionId: formatMessageId(sessionId),
    server: server ?? "",
    connected: isOpen,
    maxInFlight,
    quiet: quiet && isOpen,
    inFlightCount: BigInt(held),
    ...(oldestSinceMs === undefined ? {} : { oldestDeliveryTime: timestampFromMs(oldestSinceMs) }),
  });
}
