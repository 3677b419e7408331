import type { DecisionLog } from "../../../src/app/observer.ts";

export const QUEUE = "orders";
/** A queue that has no messages: tokens that name it belong to no message here. */
export const ELSEWHERE = "elsewhere";
/** Its value is the limiter key. */
export const KEY_ATTRIBUTE = "host";

export const SILENT_LOG: DecisionLog = {
  isLevelEnabled: () => false,
  debug: () => {},
  info: () => {},
  warn: () => {},
};
