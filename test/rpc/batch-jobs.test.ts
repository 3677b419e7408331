import { createClient } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { DlqAdminService } from "../../gen/dlq/v1/dlq_admin_service_pb.ts";
import { createRig, transportOf } from "./in-memory.ts";

async function createAdmin() {
  const rig = await createRig();
  return { admin: createClient(DlqAdminService, transportOf(rig)), jobs: rig.jobs };
}

test("list, get, pause, resume and cancel name a job by its number", async () => {
  const { admin, jobs } = await createAdmin();
  for (const call of ["getBatchJob", "pauseBatchJob", "resumeBatchJob", "cancelBatchJob"] as const)
    expect((await admin[call]({ id: "j-12" })).job?.id).toBe("j-8");
  jobs.next = 7;
  const first = await admin.listBatchJobs({ pageSize: 5 });
  await admin.listBatchJobs({ pageToken: first.nextPageToken });
  expect(jobs.commands).toEqual([
    ...[
      ["get", 12],
      ["pause", 12, undefined],
      ["resume", 12, undefined],
      ["cancel", 12, undefined],
    ],
    ...[
      ["list", undefined, 5],
      ["list", 7, 20],
    ],
  ]);
});

test.each(["", "8", "j-", "j-0", "j-x", "j-1 "])("%o is not the id of a job", async (id) => {
  const { admin } = await createAdmin();
  await expect(admin.getBatchJob({ id })).rejects.toThrow("is not the id of a batch job");
});

test("a page has at most 100 jobs, and only its own tokens", async () => {
  const { admin } = await createAdmin();
  await expect(admin.listBatchJobs({ pageSize: 101 })).rejects.toThrow("at most 100 are allowed");
  await expect(admin.listBatchJobs({ pageToken: "eA" })).rejects.toThrow("page_token");
});

test("a spec is required", async () => {
  const { admin } = await createAdmin();
  await expect(admin.createBatchJob({})).rejects.toThrow("spec: is required");
});

test("a spec needs one of six actions", async () => {
  const { admin } = await createAdmin();
  await expect(admin.createBatchJob({ spec: { queue: "q" } })).rejects.toThrow(
    "spec.action: is required: retry, edit, quarantine, discard, purge or move",
  );
});
