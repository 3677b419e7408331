// Every kind of fault, by the environment in which it can happen.

import type { AllowLoss } from "../checker/rollbacks.ts";
import { type EmbeddedEnvironment, openEmbeddedEnvironment } from "../rig/embedded.ts";
import type { Environment, EnvironmentName } from "../rig/environment.ts";
import { type ExternalEnvironment, openExternalEnvironment } from "../rig/external.ts";
import { openSentinelEnvironment, type SentinelEnvironment } from "../rig/sentinel.ts";
import {
  diskLow,
  killEmbeddedRedis,
  killServerAndRedis,
  orphanedRedis,
  secondServer,
} from "./embedded.ts";
import type { FaultKind } from "./kind.ts";
import {
  cutAnswers,
  cutReplies,
  halfOpenClients,
  halfOpenStore,
  partStore,
  resetLinks,
  slowClients,
  slowStore,
} from "./links.ts";
import {
  killBoth,
  killServer,
  killStore,
  killWorker,
  longOutage,
  rollingRestart,
  stopServer,
  stopStore,
  stopWorker,
} from "./processes.ts";
import { failover, failoverWithLag } from "./sentinel.ts";
import { flushScripts, killStoreClients, storeFull } from "./store.ts";
import { resetStorm } from "./streams.ts";

/** A environment and what can go wrong in it. */
export interface Scene<W extends Environment = Environment> {
  readonly environment: EnvironmentName;
  readonly open: () => Promise<W>;
  readonly kinds: readonly FaultKind<W>[];
  /** What may be lost here, by which kinds; it is counted. Default: nothing. */
  readonly allowLoss?: AllowLoss;
}

export const EXTERNAL: Scene<ExternalEnvironment> = {
  environment: "external",
  open: () => openExternalEnvironment(),
  kinds: [
    killServer,
    killStore,
    killBoth,
    stopServer,
    stopStore,
    stopWorker,
    killWorker,
    rollingRestart,
    cutReplies,
    cutAnswers,
    slowStore,
    slowClients,
    partStore,
    halfOpenStore,
    halfOpenClients,
    resetLinks,
    resetStorm,
    storeFull,
    flushScripts,
    killStoreClients,
    longOutage,
  ],
};

export const EVERYSEC: Scene<ExternalEnvironment> = {
  environment: "everysec",
  open: () => openExternalEnvironment("everysec"),
  kinds: [killServer, killStore, killBoth],
  // Redis may put a write off by 2 s while it waits for the disk.
  allowLoss: { kinds: ["kill-redis", "kill-both"], withinMs: 2_500 },
};

export const EMBEDDED: Scene<EmbeddedEnvironment> = {
  environment: "embedded",
  open: openEmbeddedEnvironment,
  kinds: [
    orphanedRedis,
    killEmbeddedRedis,
    killServerAndRedis,
    secondServer,
    diskLow,
    rollingRestart,
    stopServer,
    storeFull,
    resetLinks,
  ],
};

export const SENTINEL: Scene<SentinelEnvironment> = {
  environment: "sentinel",
  open: () => openSentinelEnvironment(),
  kinds: [failover, failoverWithLag, cutAnswers, halfOpenClients, resetLinks],
  // A failover begins when the replica has all that was written before. Clocks are rounded.
  allowLoss: { kinds: ["failover", "failover-with-lag"], withinMs: 100 },
};

export const REPLICAS: Scene<SentinelEnvironment> = {
  environment: "replicas",
  open: () => openSentinelEnvironment(1),
  kinds: [failover, failoverWithLag],
  allowLoss: { kinds: ["failover", "failover-with-lag"], withinMs: 100, keepsSends: true },
};
