// The public API of the package `dlq-client`.

/** Connect's errors, which `stubs` throw, and the gRPC statuses that they and a DlqClientError have. */
export { Code, ConnectError } from "@connectrpc/connect";
export { DlqAdminService } from "../../../gen/dlq/v1/dlq_admin_service_pb.ts";
export {
  AckStatus,
  ConditionCode,
  DlqService,
  type QueueStats,
  RetryRefusal,
  type StatsResponse,
} from "../../../gen/dlq/v1/dlq_service_pb.ts";
export { EventType } from "../../../gen/dlq/v1/event_pb.ts";
export type { Failure } from "../../../gen/dlq/v1/failure_pb.ts";
export {
  Backoff,
  DayOfWeek,
  Jitter,
  type Message,
  type Origin,
  type TraceContext,
} from "../../../gen/dlq/v1/message_pb.ts";
export {
  BreakerScope,
  OrderingMode,
  type Queue,
  type QueueConfig,
  TtlAction,
} from "../../../gen/dlq/v1/queue_pb.ts";
export {
  type Rule,
  RuleEvent,
  type RuleSet,
  TransformTarget,
} from "../../../gen/dlq/v1/rule_pb.ts";
export {
  BreakerState,
  MessageState,
  QuarantineReason,
  Reason,
} from "../../../gen/dlq/v1/state_pb.ts";
export { createDlqClient, type DlqClient } from "./client.ts";
export type { DlqAdminStubs, DlqStubs } from "./connection.ts";
export type { DeadLetter, DeadLetterOptions } from "./dead-letter.ts";
export type { MessageStateName, QuarantineReasonName, ReasonName } from "./enum-names.ts";
export {
  DlqClientError,
  type DlqErrorDetails,
  type DlqErrorKind,
  NonRetryableError,
  RetryAfterError,
} from "./errors.ts";
export { failureOf } from "./failure.ts";
export type { CoalesceOptions, DlqClientOptions, TlsOptions } from "./options.ts";
export type { OutcomeEvent } from "./outcomes/outcome-event.ts";
export type { DeliveryPayload } from "./payload.ts";
export type {
  BackoffName,
  DayName,
  JitterName,
  RetryPolicyOptions,
  RetryWindowOptions,
} from "./retry-policy.ts";
export type { SendOptions, TraceContextOptions } from "./send-options.ts";
export type { Dropped, FailedDelivery, SendResult, Spooled, Stored } from "./send-result.ts";
export type { SpoolOptions } from "./spool/spool-options.ts";
export type { ClientStatus, SpoolUsage } from "./status.ts";
export type { Delivery } from "./worker/delivery.ts";
export {
  discard,
  type FailOptions,
  fail,
  type Outcome,
  type OutcomeKind,
  quarantine,
  type ReleaseOptions,
  release,
  succeed,
} from "./worker/outcome.ts";
export type { Worker } from "./worker/worker.ts";
export type {
  BatchHandler,
  BatchHandlerOptions,
  BatchResult,
  CommonWorkerOptions,
  Handler,
  HandlerOptions,
  HandlerResult,
  Middleware,
  SettledDelivery,
  WorkerOptions,
} from "./worker/worker-options.ts";
