import type { ServiceImpl } from "@connectrpc/connect";
import type { DlqAdminService } from "../../gen/dlq/v1/dlq_admin_service_pb.ts";
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
import { DamagedMessage, readStored } from "../core/damaged-message.ts";
import { damagedMessage } from "../core/errors.ts";
import { formatMessageId } from "../core/message-id.ts";
import { callerOf } from "./caller.ts";
import { readCreateJob, readJobId, readListJobs, writeJobs } from "./convert/batch-jobs.ts";
import { readCountMessages, writeCounts } from "./convert/count-messages.ts";
import {
  readListDeleted,
  readUndelete,
  writeDeletedPage,
  writeUndeleted,
} from "./convert/deleted.ts";
import { readRelease, readReset, writeBreaker } from "./convert/delivery-blocks.ts";
import { readExplain, writeExplanations } from "./convert/explain.ts";
import { readExportMessages } from "./convert/export-messages.ts";
import {
  readGetGroup,
  readListGroups,
  readUpdateGroup,
  writeGetGroup,
  writeGroup,
  writeGroups,
} from "./convert/groups.ts";
import { readListMessages } from "./convert/list-messages.ts";
import {
  readDelete,
  readList,
  readQueueName,
  readUpdate,
  writePage,
  writeQueue,
} from "./convert/queues.ts";
import { readRulesUpdate, readTest, writeOutcome } from "./convert/rules.ts";
import { writeServerInfo } from "./convert/server-info.ts";
import { readSimulate, writeSimulation } from "./convert/simulate.ts";
import { readMessageName, writeStoredMessage } from "./convert/stored-message.ts";
import {
  messageChangesBytes,
  readWatchMessages,
  writeMessageChanges,
} from "./convert/watch-messages.ts";
import { readListWorkers, readQuiet, writeBrokenLease, writeWorkers } from "./convert/workers.ts";
import type { LogDisclosure } from "./disclosures.ts";
import type { Guard } from "./guard.ts";
import { importMessages } from "./import-messages.ts";
import type { Watches } from "./watch-calls.ts";

type Admin = ServiceImpl<typeof DlqAdminService>;

/** A job with samples that its client has not read takes at most about so much. */
const JOB_BYTES = 128 * 1024;

export interface DlqAdminServiceOptions {
  messages: MessageAdmin;
  deleted: DeletedAdmin;
  watchMessages: WatchMessages;
  watches: Watches;
  groups: GroupAdmin;
  queues: QueueAdmin;
  workers: WorkerAdmin;
  deliveryBlocks: DeliveryBlockAdmin;
  jobs: JobAdmin;
  rules: RuleAdmin;
  simulate: Simulate;
  serverInfo: () => Promise<ServerInfo>;
  logDisclosure: LogDisclosure;
  /** Logs an error that is not shown to clients, and returns the id that it gets. */
  reportInternal: Guard["reportInternal"];
  /** Largest payload of a message, in bytes. */
  payloadMaxBytes: number;
  /** Wall clock in ms. */
  now?: () => number;
}

/**
 * Reads requests, calls the use cases, writes responses.
 */
export function createDlqAdminService(options: DlqAdminServiceOptions) {
  const {
    messages,
    deleted,
    watchMessages,
    watches,
    groups,
    queues,
    workers,
    deliveryBlocks,
    jobs,
    rules,
    simulate,
    serverInfo,
    logDisclosure,
    payloadMaxBytes,
    now = Date.now,
  } = options;
  return {
    async getMessage(request, context) {
      const { queue, id } = readMessageName(request);
      logDisclosure(request, context, "GetMessage", { id: request.id });
      const { details, view } = await messages.get(queue, id, request.showRedacted);
      const message = readStored(() => writeStoredMessage(queue, id, details, view));
      if (message instanceof DamagedMessage) throw damagedMessage(queue, request.id, message.cause);
      return { message };
    },

    async listMessages(request, context) {
      const { command, answer } = readListMessages(request);
      logDisclosure(request, context, "ListMessages", { filter: request.filter });
      return answer(await messages.list(command, context.signal));
    },

    async *countMessages(request, context) {
      const command = readCountMessages(request);
      logDisclosure(request, context, "CountMessages", { filter: request.filter });
      for await (const counts of messages.count(command, context.signal)) {
        yield writeCounts(counts);
      }
    },

    async *watchMessages(request, context) {
      const command = readWatchMessages(request);
      logDisclosure(request, context, "WatchMessages", { filter: request.filter });
      const open = (signal: AbortSignal) => watchMessages(command, signal);
      const { filter } = command;
      const steps = watches.run(open, context, { filter, bytesOf: messageChangesBytes });
      for await (const changes of steps) yield* writeMessageChanges(changes, request.view);
    },

    async *exportMessages(request, context) {
      const { command, answer } = readExportMessages(request);
      logDisclosure(request, context, "ExportMessages", { filter: request.filter });
      for await (const page of messages.exportMessages(command, context.signal)) yield answer(page);
    },

    async importMessages(request, context) {
      return importMessages(request, callerOf(context).caller, options);
    },

    async listDeleted(request) {
      const { queue, range, after, pageSize } = readListDeleted(request);
      return writeDeletedPage(request, await deleted.list(queue, range, after, pageSize));
    },

    async undelete(request, context) {
      const command = { ...readUndelete(request), ...callerOf(context) };
      return writeUndeleted(request, command, await deleted.undelete(command));
    },

    async getServerInfo() {
      return writeServerInfo(await serverInfo());
    },

    async listGroups(request) {
      return writeGroups(await groups.list(readListGroups(request)), request);
    },

    async getGroup(request) {
      const { id, sinceMs } = readGetGroup(request);
      return writeGetGroup(await groups.get(id, sinceMs));
    },

    async updateGroup(request, context) {
      const { id, note, ...change } = readUpdateGroup(request);
      const { caller = "" } = callerOf(context);
      const group = await groups.update(id, { ...change, note: { caller, note } });
      return { group: writeGroup(group) };
    },

    async listQueues(request) {
      const { pageSize, after } = readList(request);
      return writePage(await queues.list(pageSize, after));
    },

    async getQueue(request) {
      return { queue: writeQueue(await queues.get(readQueueName("queue", request.queue))) };
    },

    async updateQueue(request, context) {
      const update = { ...readUpdate(request), ...callerOf(context) };
      return { queue: writeQueue(await queues.update(update)) };
    },

    async deleteQueue(request, context) {
      const deletion = { ...readDelete(request), ...callerOf(context) };
      return { deletedCount: BigInt(await queues.delete(deletion)) };
    },

    async getRules() {
      return { ruleSet: await rules.get() };
    },

    async updateRules(request, context) {
      const update = { ...readRulesUpdate(request), ...callerOf(context) };
      return { ruleSet: await rules.update(update) };
    },

    async testRules(request, { signal }) {
      const test = readTest(request, { payloadMaxBytes, nowMs: now() });
      const outcomes = await rules.test(test, signal);
      return { results: outcomes.map((one, index) => writeOutcome(one, request.samples[index])) };
    },

    async simulatePolicy(request, { signal }) {
      return writeSimulation(await simulate(readSimulate(request, now()), signal));
    },

    async explain(request) {
      const { queue, id } = readExplain(request);
      const explanations = await (id === undefined
        ? messages.explain.queue(queue)
        : messages.explain.message(queue, id));
      return writeExplanations(explanations);
    },

    async listWorkers(request) {
      return writeWorkers(await workers.list(readListWorkers(request)));
    },

    async breakLease(request, context) {
      const { deliveryCount } = request;
      const lease = {
        ...readMessageName(request),
        ...callerOf(context),
        ...(deliveryCount > 0 && { deliveryNumber: deliveryCount }),
      };
      return writeBrokenLease(await workers.breakLease(lease));
    },

    async quietWorker(request, context) {
      return { changed: await workers.quiet({ ...readQuiet(request), ...callerOf(context) }) };
    },

    async listBreakers(request) {
      const open = await deliveryBlocks.breakers(readQueueName("queue", request.queue));
      return { breakers: open.map(writeBreaker) };
    },

    async resetBreaker(request, context) {
      const reset = { ...readReset(request), ...callerOf(context) };
      return { wasOpen: await deliveryBlocks.resetBreaker(reset) };
    },

    async releaseOrderingKey(request, context) {
      const release = { ...readRelease(request), ...callerOf(context) };
      const heldBy = await deliveryBlocks.releaseOrder(release);
      return { released: heldBy !== undefined, heldBy: heldBy ? formatMessageId(heldBy) : "" };
    },

    async createBatchJob(request, context) {
      const command = { ...readCreateJob(request), caller: callerOf(context).caller };
      logDisclosure(command.spec, context, "CreateBatchJob", { filter: command.spec.filter });
      return { job: await jobs.create(command) };
    },

    async getBatchJob(request) {
      return { job: await jobs.get(readJobId(request)) };
    },

    async listBatchJobs(request) {
      const { below, count } = readListJobs(request);
      return writeJobs(await jobs.list(below, count));
    },

    async *watchBatchJob(request, context) {
      const number = readJobId(request);
      const open = (signal: AbortSignal) => jobs.watch(number, signal);
      const limits = { filter: { patternSteps: 0 }, bytesOf: () => JOB_BYTES };
      for await (const job of watches.run(open, context, limits)) {
        yield { job };
        if (job.endTime !== undefined) return;
      }
    },

    async pauseBatchJob(request, context) {
      return { job: await jobs.pause(readJobId(request), callerOf(context).caller) };
    },

    async resumeBatchJob(request, context) {
      return { job: await jobs.resume(readJobId(request), callerOf(context).caller) };
    },

    async cancelBatchJob(request, context) {
      return { job: await jobs.cancel(readJobId(request), callerOf(context).caller) };
    },
  } satisfies Admin;
}
