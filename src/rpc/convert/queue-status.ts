import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type QueueStatus, QueueStatusSchema } from "../../../gen/dlq/v1/dlq_service_pb.ts";
import type { DeliveryStatus } from "../../core/delivery-status.ts";
import { BREAKER_NUMBERS } from "./states.ts";

export function writeQueueStatus(queue: string, deliveryStatus: DeliveryStatus): QueueStatus {
  const { paused, breaker, retryAtMs, openBreakers } = deliveryStatus;
  const status = create(QueueStatusSchema, { queue, paused, openBreakers });
  status.breakerState = BREAKER_NUMBERS[breaker];
  if (retryAtMs !== undefined) status.retryTime = timestampFromMs(retryAtMs);
  return status;
}
