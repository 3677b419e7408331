// All kinds of faults, by environment.

import type { AllowLoss } from "../checker/rollbacks.ts";
import { type EmbeddedEnvironment, openEmbeddedEnvironment } from "../rig/embedded.ts";
import type { Environment, EnvironmentName } from "../rig/environment.ts";
import { type EventsEnvironment, openEventsEnvironment } from "../rig/events.ts";
import { type ExternalEnvironment, openExternalEnvironment } from "../rig/external.ts";
import { openSentinelEnvironment, type SentinelEnvironment } from "../rig/sentinel.ts";
import { breakQueue } from "./broken-queue.ts";
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
import { fillStream, killNats, killPublisher, slowNats, stopNats } from "./nats.ts";
import { overflow } from "./overflow.ts";
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
import { hangFirst, partServer, twoFirst } from "./ranks.ts";
import { failover, failoverWithLag } from "./sentinel.ts";
import { flushScripts, killStoreClients, storeFull } from "./store.ts";
import { resetStorm } from "./streams.ts";

/** An environment and its kinds of faults. */
export interface TestedEnvironment<W extends Environment = Environment> {
  readonly environment: EnvironmentName;
  readonly open: () => Promise<W>;
  readonly kinds: readonly FaultKind<W>[];
  /** Which kinds may lose data, and how much. Default: none. */
  readonly allowLoss?: AllowLoss;
}

export const EXTERNAL: TestedEnvironment<ExternalEnvironment> = {
  environment: "external",
  open: () => openExternalEnvironment({ name: "external" }),
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
    hangFirst,
    twoFirst,
    partServer,
    breakQueue,
  ],
};

export const EVERYSEC: TestedEnvironment<ExternalEnvironment> = {
  environment: "everysec",
  open: () => openExternalEnvironment({ name: "everysec" }),
  kinds: [killServer, killStore, killBoth],
  // Redis may delay a write by 2 s while it waits for the disk.
  allowLoss: { kinds: ["kill-redis", "kill-both"], withinMs: 2_500 },
};

export const EMBEDDED: TestedEnvironment<EmbeddedEnvironment> = {
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

export const SENTINEL: TestedEnvironment<SentinelEnvironment> = {
  environment: "sentinel",
  open: () => openSentinelEnvironment(),
  kinds: [failover, failoverWithLag, cutAnswers, halfOpenClients, resetLinks],
  // A failover begins when the replica has all earlier writes. The rest is for rounding of clocks.
  allowLoss: { kinds: ["failover", "failover-with-lag"], withinMs: 100 },
};

export const REPLICAS: TestedEnvironment<SentinelEnvironment> = {
  environment: "replicas",
  open: () => openSentinelEnvironment(1),
  kinds: [failover, failoverWithLag],
  allowLoss: { kinds: ["failover", "failover-with-lag"], withinMs: 100, keepsSends: true },
};

export const EVENTS: TestedEnvironment<EventsEnvironment> = {
  environment: "events",
  open: openEventsEnvironment,
  kinds: [
    killNats,
    stopNats,
    slowNats,
    fillStream,
    overflow,
    killPublisher,
    killStore,
    killBoth,
    rollingRestart,
  ],
};
