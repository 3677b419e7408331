import type { ServiceImpl } from "@connectrpc/connect";
import type { DlqAdminService } from "../../gen/dlq/v1/dlq_admin_service_pb.ts";
import type { MessageAdmin } from "../app/messages/message-admin.ts";
import type { DeliveryBlockAdmin } from "../app/queues/delivery-block-admin.ts";
import type { QueueAdmin } from "../app/queues/queue-admin.ts";
import type { RuleAdmin } from "../app/rules/rule-admin.ts";
import type { Simulate } from "../app/simulate.ts";
import { formatMessageId } from "../core/message-id.ts";
import { callerOf } from "./caller.ts";
import { readRelease, readReset, writeBreaker } from "./convert/delivery-blocks.ts";
import {
  readDelete,
  readList,
  readQueueName,
  readUpdate,
  writePage,
  writeQueue,
} from "./convert/queues.ts";
import { readRulesUpdate, readTest, writeOutcome } from "./convert/rules.ts";
import { readSimulate, writeSimulation } from "./convert/simulate.ts";
import { readGetMessage, writeStoredMessage } from "./convert/stored-message.ts";

type Admin = ServiceImpl<typeof DlqAdminService>;

export interface DlqAdminServiceOptions {
  messages: MessageAdmin;
  queues: QueueAdmin;
  deliveryBlocks: DeliveryBlockAdmin;
  rules: RuleAdmin;
  simulate: Simulate;
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
    queues,
    deliveryBlocks,
    rules,
    simulate,
    payloadMaxBytes,
    now = Date.now,
  } = options;
  return {
    async getMessage(request) {
      const { queue, id } = readGetMessage(request);
      return { message: writeStoredMessage(queue, id, await messages.get(queue, id)) };
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
  } satisfies Admin;
}
