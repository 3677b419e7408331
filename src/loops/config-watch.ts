import type { Store } from "../store/contract.ts";
import { type Loop, startLoop } from "./interval.ts";

/** Changes apply on all servers within two seconds, even if every hint is lost. */
const EVERY_MS = 1_000;

/**
 * Follows changes of stored configuration: at once by hints, and by polling about every second. Also removes what is no longer needed
 * of it.
 */
export function startConfigWatch(
  store: Pick<Store, "configs" | "deployment" | "hints">,
  random: () => number,
): Loop {
  const refresh = async () => {
    await Promise.all([store.configs.refresh(), store.deployment.refresh()]);
  };
  const refreshNow = () => {
    // After an outage the next poll succeeds.
    refresh().catch(() => {});
  };
  store.hints.onConfig(refreshNow);
  store.hints.onReconnect(refreshNow);
  return startLoop(
    () => EVERY_MS * (0.75 + 0.5 * random()),
    async () => {
      await refresh();
      await store.configs.forget();
    },
  );
}
