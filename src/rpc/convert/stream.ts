import type { StreamDueRequest } from "../../../gen/dlq/v1/dlq_service_pb.ts";
import type { StreamCommand } from "../../app/commands.ts";
import { LIMITS } from "../../core/settings.ts";
import { checkSession } from "./lease.ts";
import { WIRE_LIMITS } from "./limits.ts";
import { readDurationMs } from "./time.ts";
import { checkCount, checkQueue, checkText, Violations } from "./violations.ts";

export function readStream(request: StreamDueRequest): StreamCommand {
  const v = new Violations();
  checkCount(v, "queues", request.queues.length, 1, WIRE_LIMITS.items);
  request.queues.forEach((queue, index) => {
    checkQueue(v, `queues[${index}]`, queue);
  });
  checkText(v, "worker_id", request.workerId, WIRE_LIMITS.workerIdBytes);
  const maxInFlight = request.maxInFlight ?? LIMITS.maxInFlightDefault;
  if (maxInFlight < 1 || maxInFlight > LIMITS.maxInFlight) {
    v.add("max_in_flight", `is ${maxInFlight}; it must be from 1 to ${LIMITS.maxInFlight}`);
  }
  if (request.maxInFlightBytes === 0n) {
    v.add("max_in_flight_bytes", "is 0; it must be at least 1, or left out for the default");
  }
  const { leaseMinMs, leaseMaxMs } = LIMITS;
  const leaseMs = readDurationMs(
    v,
    "lease_duration",
    request.leaseDuration,
    leaseMinMs,
    leaseMaxMs,
  );
  if (request.resumeSessionId !== "") checkSession(v, "resume_session_id", request.resumeSessionId);
  v.throwIfAny();
  return {
    // Without duplicates.
    queues: [...new Set(request.queues)],
    workerId: request.workerId,
    maxInFlight,
    maxInFlightBytes: readBytes(request.maxInFlightBytes),
    leaseMs,
    resumeSessionId: request.resumeSessionId === "" ? undefined : request.resumeSessionId,
  };
}

/** Larger values than a number can hold make no difference. */
function readBytes(bytes: bigint | undefined): number {
  if (bytes === undefined) return WIRE_LIMITS.inFlightBytesDefault;
  return bytes > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(bytes);
}
