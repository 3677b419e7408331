import { DlqAdminService } from "../../gen/dlq/v1/dlq_admin_service_pb.ts";
import { DlqService } from "../../gen/dlq/v1/dlq_service_pb.ts";
import { ServerReflection } from "../../gen/grpc/reflection/v1/reflection_pb.ts";
import { Health } from "../../gen/health/v1/health_pb.ts";
import type { Dlq } from "../app/commands.ts";
import type { WatchEvents } from "../app/events/watch-events.ts";
import type { GroupAdmin } from "../app/groups/group-admin.ts";
import type { JobAdmin } from "../app/jobs/job-admin.ts";
import type { DeletedAdmin } from "../app/messages/deleted-admin.ts";
import type { MessageAdmin } from "../app/messages/message-admin.ts";
import type { WatchMessages } from "../app/messages/watch-messages.ts";
import type { DeliveryBlockAdmin } from "../app/queues/delivery-block-admin.ts";
import type { QueueAdmin } from "../app/queues/queue-admin.ts";
import type { WorkerAdmin } from "../app/queues/worker-admin.ts";
import type { RuleAdmin } from "../app/rules/rule-admin.ts";
import type { ServerInfo } from "../app/server-info.ts";
import type { Simulate } from "../app/simulate.ts";
import { createLogDisclosure, type DisclosureLog } from "./disclosures.ts";
import { createDlqAdminService } from "./dlq-admin-service.ts";
import { createDlqService } from "./dlq-service.ts";
import type { Guard } from "./guard.ts";
import { createHealth, type Readiness } from "./health.ts";
import { createReflection } from "./reflection.ts";
import { ServerReflectionAlpha } from "./reflection-alpha.ts";
import type { StreamQueues } from "./stream-queues.ts";
import { Watches } from "./watch-calls.ts";

export interface ServicesOptions {
  dlq: Dlq;
  events: WatchEvents;
  messages: MessageAdmin;
  deleted: DeletedAdmin;
  watchMessages: WatchMessages;
  groups: GroupAdmin;
  queues: QueueAdmin;
  workers: WorkerAdmin;
  deliveryBlocks: DeliveryBlockAdmin;
  jobs: JobAdmin;
  rules: RuleAdmin;
  simulate: Simulate;
  serverInfo: () => Promise<ServerInfo>;
  /** Aborts when the server drains. */
  draining: AbortSignal;
  guard: Guard;
  readiness: Readiness;
  /** See `readDescriptorSet`. */
  descriptorSet: Uint8Array;
  payloadMaxBytes: number;
  drainGraceMs: number;
  streamQueues: StreamQueues;
  /** Most calls of WatchEvents and WatchMessages at a time. */
  maxWatches: number;
  log: DisclosureLog;
  /** Wall clock in ms. */
  now?: () => number;
}

export type Services = ReturnType<typeof createServices>;

/** All guarded implementations; every listener serves these objects. */
export function createServices(options: ServicesOptions) {
  const { guard } = options;
  const reflection = createReflection(options.descriptorSet);
  const { reportInternal } = guard;
  const watches = new Watches(options.draining, { most: options.maxWatches });
  const logDisclosure = createLogDisclosure(options.log);
  return {
    dlq: guard.wrap(
      DlqService,
      createDlqService({ ...options, watches, reportInternal, logDisclosure }),
    ),
    admin: guard.wrap(
      DlqAdminService,
      createDlqAdminService({ ...options, watches, reportInternal, logDisclosure }),
    ),
    // Orchestrators probe without credentials, and only see up or down.
    health: guard.wrap(Health, createHealth({ ...options, hasToken: guard.hasToken }), {
      open: true,
    }),
    reflection: guard.wrap(ServerReflection, reflection.v1),
    reflectionAlpha: guard.wrap(ServerReflectionAlpha, reflection.v1alpha),
  };
}
