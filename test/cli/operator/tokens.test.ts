// To which servers the operator's `dlq` sends which token.

import { beforeEach, expect, it } from "vitest";
import { DlqService } from "../../../gen/dlq/v1/dlq_service_pb.ts";
import { homeFolder, runDlq, serve } from "./run-dlq.ts";

/** A server that records the token of each call; `none` without one. */
async function recorder() {
  const tokens: string[] = [];
  const target = await serve((router) =>
    router.service(DlqService, {
      stats(_, { requestHeader }) {
        tokens.push(requestHeader.get("authorization")?.replace("Bearer ", "") ?? "none");
        return {};
      },
    }),
  );
  return { target, taken: () => tokens.splice(0) };
}

let home: string;
let own: Awaited<ReturnType<typeof recorder>>;
let other: typeof own;
beforeEach(async () => {
  home = homeFolder();
  [own, other] = [await recorder(), await recorder()];
  await runDlq(["context", "set", "own", "--target", own.target, "--token", "of-context"], {
    home,
  });
});

it("that of the context goes to the address of the context alone", async () => {
  await runDlq(["queues"], { home });
  await runDlq(["queues", "--target", own.target], { home });
  expect(own.taken()).toEqual(["of-context", "of-context"]);
  await runDlq(["queues", "--target", other.target], { home });
  await runDlq(["queues"], { home, env: { DLQ_TARGET: other.target } });
  expect(other.taken()).toEqual(["none", "none"]);
});

it("that of the line or of the environment goes to the address of the line", async () => {
  await runDlq(["queues", "--target", other.target, "--token", "of-line"], { home });
  await runDlq(["queues", "--target", other.target], { home, env: { DLQ_TOKEN: "of-variable" } });
  expect(other.taken()).toEqual(["of-line", "of-variable"]);
});

it("a completion sends none to an address that is only on the line", async () => {
  const env = { DLQ_TOKEN: "of-variable" };
  const words = (...more: string[]) => ["complete", "--", "ls", ...more, ""];
  await runDlq(words("--target", other.target), { home, env });
  await runDlq(words("--target", other.target, "--token", "of-line"), { home });
  expect(other.taken()).toEqual(["none", "none"]);
  await runDlq(words("--target", other.target), {
    home,
    env: { ...env, DLQ_TARGET: other.target },
  });
  expect(other.taken()).toEqual(["of-variable"]);
  await runDlq(words(), { home });
  await runDlq(words("--target", own.target), { home });
  expect(own.taken()).toEqual(["of-context", "of-context"]);
});
