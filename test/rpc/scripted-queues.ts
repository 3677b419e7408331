import { create } from "@bufbuild/protobuf";
import { type QueueConfig, QueueConfigSchema } from "../../gen/dlq/v1/queue_pb.ts";
import type { QueueDeletion } from "../../src/app/queues/deletion.ts";
import type { QueueAdmin, QueueUpdate, QueueView } from "../../src/app/queues/queue-admin.ts";
import { DEFAULT_QUEUE_SETTINGS } from "../../src/core/settings.ts";

/** Scripted queues that record their calls. */
export class ScriptedQueues implements QueueAdmin {
  readonly configs = new Map<string, QueueConfig>();
  readonly pages: { pageSize: number; after: string }[] = [];
  readonly deleted: QueueDeletion[] = [];
  next: string | undefined;

  async list(pageSize: number, after: string) {
    this.pages.push({ pageSize, after });
    const names = [...this.configs.keys()].filter((name) => name > after);
    return { queues: names.map((name) => this.#view(name)), next: this.next };
  }

  async get(queue: string) {
    return this.#view(queue);
  }

  async update({ queue, apply }: QueueUpdate) {
    this.configs.set(queue, apply(this.configs.get(queue) ?? create(QueueConfigSchema)));
    return this.#view(queue);
  }

  async delete(deletion: QueueDeletion) {
    this.deleted.push(deletion);
    return 3;
  }

  #view(name: string): QueueView {
    const config = this.configs.get(name) ?? create(QueueConfigSchema);
    const settings = DEFAULT_QUEUE_SETTINGS;
    return { name, config, settings, etag: "e", updatedAtMs: 1_000, exists: false };
  }
}
