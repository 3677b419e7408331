import type { ServiceImpl } from "@connectrpc/connect";
import type { DlqAdminService } from "../../gen/dlq/v1/dlq_admin_service_pb.ts";
import type { QueueAdmin } from "../app/queues/queue-admin.ts";
import {
  readDelete,
  readList,
  readQueueName,
  readUpdate,
  writeQueue,
  writeToken,
} from "./convert/queues.ts";

type Admin = ServiceImpl<typeof DlqAdminService>;

export interface DlqAdminServiceOptions {
  queues: QueueAdmin;
}

/** Reads requests, calls the use cases, writes responses. What is not here is not served. */
export function createDlqAdminService({ queues }: DlqAdminServiceOptions) {
  return {
    async listQueues(request) {
      const { pageSize, after } = readList(request);
      const page = await queues.list(pageSize, after);
      return { queues: page.queues.map(writeQueue), nextPageToken: writeToken(page.next) };
    },

    async getQueue(request) {
      return { queue: writeQueue(await queues.get(readQueueName("queue", request.queue))) };
    },

    async updateQueue(request) {
      return { queue: writeQueue(await queues.update(readUpdate(request))) };
    },

    async deleteQueue(request) {
      return { deletedCount: BigInt(await queues.delete(readDelete(request))) };
    },
  } satisfies Partial<Admin>;
}
