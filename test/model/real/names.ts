import type { DecisionLog } from "../../../src/app/observer.ts";

export const QUEUE = "orders";
/** A queue that has no messages: tokens that name it are foreign. */
export const ELSEWHERE = "elsewhere";

export const SILENT_LOG: DecisionLog = {
  isLevelEnabled: () => false,
  debug: () => {},
  info: () => {},
  warn: () => {},
};
