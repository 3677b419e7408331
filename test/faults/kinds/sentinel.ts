import { until } from "../../support/until.ts";
import type { SentinelWorld } from "../rig/sentinel.ts";
import type { FaultKind } from "./kind.ts";

const FAILOVER_DEADLINE_MS = 30_000;

export const failover: FaultKind<SentinelWorld> = {
  name: "failover",
  words: "kill -9 of the primary; Sentinel promotes the replica; the old one comes back as replica",
  touches: ["store"],
  async run({ world }) {
    const before = await world.primaryPort();
    const dead = [world.set.primary, world.set.replica].find(({ port }) => port === before);
    if (dead === undefined) throw new Error(`Sentinel names a primary of nobody: ${before}`);
    await dead.kill9();
    const promoted = async () => ((await world.primaryPort()) === before ? undefined : true);
    await until("Sentinel to promote the replica", promoted, FAILOVER_DEADLINE_MS);
    return undefined;
  },
};
