// Ctrl-C before a command has acted: at its question, and while its dry run counts.

import { describe, expect, it } from "vitest";
import { BatchJobState } from "../../../gen/dlq/v1/batch_job_pb.ts";
import { DlqAdminService } from "../../../gen/dlq/v1/dlq_admin_service_pb.ts";
import { runDlq, serve } from "./run-dlq.ts";

/** Serves dry runs that end at once, or count until the call ends. Returns the address. */
const serveDryRuns = (isEndless: boolean) =>
  serve((router) =>
    router.service(DlqAdminService, {
      getQueue: () => ({ queue: { name: "counted", exists: true } }),
      createBatchJob: () => ({ job: { id: "j-7", state: BatchJobState.COUNTING } }),
      async *watchBatchJob({ id }, { signal }) {
        yield { job: { id, state: BatchJobState.COUNTING } };
        if (isEndless) await new Promise((resolve) => signal.addEventListener("abort", resolve));
        const counts = { selectedCount: 1n };
        yield { job: { id, state: BatchJobState.DONE, endTime: { seconds: 1n }, counts } };
      },
      cancelBatchJob: () => ({}),
    }),
  );

describe("Ctrl-C", () => {
  it.each([
    ["at the question", false, "[y/N]", /\[y\/N\] \nNothing was purged\.\n$/],
    ["while a dry run counts", true, "COUNTING", /Nothing was purged\.\n$/],
  ])("%s says that nothing was done", async (_, isEndless, at, expected) => {
    const { code, stdout, stderr } = await runDlq(["purge", "counted"], {
      ...{ target: await serveDryRuns(isEndless), columns: 100, stdin: "endless" },
      onWrite: (text, interrupt) => {
        if (text.includes(at)) interrupt();
      },
    });
    expect({ code, stdout }).toEqual({ code: 130, stdout: "" });
    expect(stderr).toMatch(expected);
  });
});
