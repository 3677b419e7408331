import { create } from "@bufbuild/protobuf";
import { type BatchJob, BatchJobSchema } from "../../gen/dlq/v1/batch_job_pb.ts";
import type { JobAdmin } from "../../src/app/jobs/job-admin.ts";

/** Gives one job as the answer, and records the commands. */
export class ScriptedJobs implements JobAdmin {
  job: BatchJob = create(BatchJobSchema, { id: "j-8" });
  next: number | undefined;
  readonly commands: (readonly unknown[])[] = [];

  async create(...asked: Parameters<JobAdmin["create"]>) {
    return this.#answer("create", ...asked);
  }
  async get(number: number) {
    return this.#answer("get", number);
  }
  async list(...asked: Parameters<JobAdmin["list"]>) {
    return { jobs: [this.#answer("list", ...asked)], next: this.next };
  }
  async *watch(number: number) {
    yield this.#answer("watch", number);
  }
  async pause(...asked: Parameters<JobAdmin["pause"]>) {
    return this.#answer("pause", ...asked);
  }
  async resume(...asked: Parameters<JobAdmin["resume"]>) {
    return this.#answer("resume", ...asked);
  }
  async cancel(...asked: Parameters<JobAdmin["cancel"]>) {
    return this.#answer("cancel", ...asked);
  }

  #answer(...command: readonly unknown[]): BatchJob {
    this.commands.push(command);
    return this.job;
  }
}
