import { type NatsConnection, PermissionViolationError } from "@nats-io/transport-node";
import { expect, it } from "vitest";
import { NatsSession } from "../../src/nats/nats-session.ts";
import { until } from "../support/until.ts";

/** A connection that NATS ends after these denials. */
function sessionWith(denials: readonly PermissionViolationError[]): NatsSession {
  const nc: Pick<NatsConnection, "status" | "closed" | "isClosed"> = {
    async *status() {
      for (const error of denials) yield { type: "error", error } as const;
    },
    closed: () => new Promise(() => {}),
    isClosed: () => false,
  };
  return new NatsSession(nc as NatsConnection, 1_000);
}

it("keeps no denial that is far longer than those of NATS", async () => {
  const deny = (subject: string, text = "") =>
    new PermissionViolationError(`${subject} ${text}`, "publish", subject);
  const session = sessionWith([deny("long", "x".repeat(5_000)), deny("short")]);
  await until("the last one", () => session.takeDenied("short"));
  expect(session.takeDenied("long")).toBeUndefined();
});
