import { hostname } from "node:os";
import { create } from "@bufbuild/protobuf";
import {
  type StreamDueRequest,
  StreamDueRequestSchema,
} from "../../../../gen/dlq/v1/dlq_service_pb.ts";
import { duration } from "../field-values.ts";
import type { WorkerOptions } from "./worker-options.ts";

/** The most that the server takes. */
const MOST_IN_FLIGHT = 10_000;

/** @throws TypeError if an option makes no sense */
export function requestOf(options: WorkerOptions, concurrency: number): StreamDueRequest {
  const { queues, leaseDurationMs, maxInFlightBytes, workerId } = options;
  const prefetch = options.prefetch ?? concurrency;
  if (queues.length === 0) throw new TypeError("queues is empty; name at least one");
  checkCount("concurrency", concurrency, 1);
  checkCount("prefetch", prefetch, 0);
  const request = create(StreamDueRequestSchema, {
    queues: [...queues],
    workerId: workerId ?? `${hostname()}-${process.pid}`.slice(-128),
    maxInFlight: Math.min(concurrency + prefetch, MOST_IN_FLIGHT),
  });
  if (leaseDurationMs != null) {
    request.leaseDuration = duration("leaseDurationMs", leaseDurationMs);
  }
  if (maxInFlightBytes != null) {
    request.maxInFlightBytes = BigInt(Math.min(maxInFlightBytes, Number.MAX_SAFE_INTEGER));
  }
  return request;
}

function checkCount(name: string, value: number, least: number): void {
  if (Number.isInteger(value) && value >= least) return;
  throw new TypeError(`${name} is ${value}; give a whole number of ${least} or more`);
}
