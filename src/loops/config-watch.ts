import type { Store } from "../store/contract.ts";
import { type Loop, startLoop } from "./interval.ts";

/** What is set acts on all nodes within two seconds, also when every hint is lost. */
const EVERY_MS = 1_000;

/** Follows what is set of queues and of the deployment: at once by hints, and by asking each second or so. */
export function startConfigWatch(
  store: Pick<Store, "configs" | "deployment" | "hints">,
  random: () => number,
): Loop {
  const look = async () => {
    await Promise.all([store.configs.refresh(), store.deployment.refresh()]);
  };
  const lookNow = () => {
    // An outage passes; the next turn looks again.
    look().catch(() => {});
  };
  store.hints.onConfig(lookNow);
  store.hints.onReconnect(lookNow);
  return startLoop(() => EVERY_MS * (0.75 + 0.5 * random()), look);
}
