import type { QueueAdminParts } from "../app/queues/queue-admin.ts";
import type { InForceParts } from "../app/queues/settings-in-force.ts";
import type { Config } from "../config/config.ts";
import type { ConfigError } from "../config/config-error.ts";
import { findQueueContradictions } from "../config/queue-checks.ts";
import { resolveQueue } from "../config/resolve-queue.ts";
import { invalid } from "../core/errors.ts";
import { readQueueConfig } from "../rpc/convert/queue-config.ts";
import { pathOfSetting } from "../rpc/convert/queue-fields.ts";
import { CONFIG_PREFIX } from "../rpc/convert/queues.ts";

type QueueConfiguration = Pick<InForceParts, "configured" | "resolve"> &
  Pick<QueueAdminParts, "check">;

/** Combines stored configuration of queues with that of the server. */
export function createQueueConfiguration(config: Config): QueueConfiguration {
  return {
    configured: (queue) => config.queueSettings(queue),
    resolve: (queue, own) =>
      resolveQueue(config.queueSettings(queue), readQueueConfig(own).layer, []),
    check(queue, own) {
      const errors: ConfigError[] = [];
      const { layer } = readQueueConfig(own);
      const settings = resolveQueue(config.queueSettings(queue), layer, errors);
      const violations = [
        ...errors.map(({ setting, ...error }) => ({ path: setting, ...error })),
        ...findQueueContradictions(settings, pathOfSetting).map(({ key, ...error }) => ({
          path: pathOfSetting(key),
          ...error,
        })),
      ].map(({ path, problem, hint }) => ({
        field: `${CONFIG_PREFIX}${path}`,
        description: hint === undefined ? problem : `${problem}; ${hint}`,
      }));
      if (violations.length > 0) throw invalid(violations);
    },
  };
}
