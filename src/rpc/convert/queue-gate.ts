import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type QueueStatus, QueueStatusSchema } from "../../../gen/dlq/v1/dlq_service_pb.ts";
import type { QueueGate } from "../../core/queue-gate.ts";
import { BREAKER_NUMBERS } from "./states.ts";

export function writeGate(queue: string, gate: QueueGate): QueueStatus {
  const { paused, breaker, retryAtMs, openBreakers } = gate;
  const status = create(QueueStatusSchema, { queue, paused, openBreakers });
  status.breakerState = BREAKER_NUMBERS[breaker];
  if (retryAtMs !== undefined) status.retryTime = timestampFromMs(retryAtMs);
  return status;
}
