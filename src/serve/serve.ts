import { BoundedLog } from "../app/bounded-log.ts";
import { SessionRegistry } from "../app/delivery/session-registry.ts";
import { createDlq } from "../app/dlq.ts";
import { EventMaker } from "../app/events/event-maker.ts";
import { SharedFilters } from "../app/events/shared-filters.ts";
import { createWatchEvents } from "../app/events/watch-events.ts";
import { WatchReads } from "../app/events/watch-reads.ts";
import { createGroupOf } from "../app/groups/failure-group.ts";
import { createGroupAdmin } from "../app/groups/group-admin.ts";
import { createDeletedAdmin } from "../app/messages/deleted-admin.ts";
import { createMessageAdmin } from "../app/messages/message-admin.ts";
import { Scanner } from "../app/messages/scan.ts";
import { createWatchMessages } from "../app/messages/watch-messages.ts";
import { Deletions } from "../app/queues/deletion.ts";
import { createDeliveryBlockAdmin } from "../app/queues/delivery-block-admin.ts";
import { createQueueAdmin } from "../app/queues/queue-admin.ts";
import { createQueueFigures } from "../app/queues/queue-figures.ts";
import { SettingsInForce } from "../app/queues/settings-in-force.ts";
import { createWorkerAdmin } from "../app/queues/worker-admin.ts";
import { Mover } from "../app/rules/mover.ts";
import { createRuleAdmin } from "../app/rules/rule-admin.ts";
import { RuleJudge } from "../app/rules/rule-judge.ts";
import { RulesInForce } from "../app/rules/rules-in-force.ts";
import { createServerInfo } from "../app/server-info.ts";
import { createSimulate } from "../app/simulate.ts";
import { Pace } from "../app/timers.ts";
import { needsToken } from "../config/checks.ts";
import type { Config } from "../config/config.ts";
import { deliverySettingsOf } from "../core/delivery-settings.ts";
import { startConfigWatch } from "../loops/config-watch.ts";
import { startLoop } from "../loops/interval.ts";
import { Pumps } from "../loops/pumps.ts";
import { startReconciler } from "../loops/reconciler.ts";
import { Tender } from "../loops/tender.ts";
import { createLogger, type Logger, recordLog } from "../observe/log.ts";
import { createMetrics, type MetricsRegistry } from "../observe/metrics.ts";
import { readStoredRules } from "../rpc/convert/rules.ts";
import { createGuard, type Guard } from "../rpc/guard.ts";
import { checkListeners, createListeners } from "../rpc/listeners.ts";
import { readDescriptorSet } from "../rpc/reflection.ts";
import { createServices, type ServicesOptions } from "../rpc/services.ts";
import { StreamQueues } from "../rpc/stream-queues.ts";
import { banner } from "./banner.ts";
import { createBatchJobs } from "./batch-jobs.ts";
import { heldNow, untilSettled } from "./drain.ts";
import { type LiveCertificate, liveCertificate, liveCredentials } from "./live-secrets.ts";
import { type OpenedStore, openStore } from "./open-store.ts";
import { createPublishing } from "./publish-events.ts";
import { createQueueConfiguration } from "./queue-configuration.ts";
import { ServerReadiness } from "./readiness.ts";
import { ReloadedFiles } from "./reloaded-files.ts";
import { onHangup, shutdownSignal } from "./signals.ts";

/** Interval of this server's sign of life. Without it its workers are not counted. */
const SIGN_OF_LIFE_MS = 3_000;
/** Time for running calls to end after the grace period. */
const LAST_CALLS_MS = 1_000;

/** Runs the server until a signal: store, use cases, loops, listeners. */
export async function serve(config: Config, version: string): Promise<void> {
  const log = createLogger(config);
  for (const warning of config.warnings) log.warn(warning);
  if (process.getuid?.() === 0) {
    log.warn("the server runs as root and does not need to: use a user of its own");
  }
  const metrics = createMetrics({
    namespace: config.metricsNamespace,
    maxQueues: config.metricsMaxQueues,
    buildInfo: { version, node: process.version },
  });
  // Registered first: a signal during the start must end it in order.
  const signalled = shutdownSignal();
  const files = new ReloadedFiles({ log });
  metrics.setFiles(() => files.states());
  onHangup(() => void files.reload());
  const certificate = await liveCertificate(config, files);
  await checkListeners(config);
  const opened = await openStore(config, log, metrics, files);
  try {
    await run(config, version, log, metrics, opened, { files, certificate }, signalled);
  } finally {
    await opened.close();
  }
  log.info("stopped");
}

async function run(
  config: Config,
  version: string,
  log: Logger,
  metrics: MetricsRegistry,
  opened: OpenedStore,
  { files, certificate }: { files: ReloadedFiles; certificate: LiveCertificate | undefined },
  signalled: Promise<string>,
): Promise<void> {
  const { store } = opened;
  const { payloadMaxBytes } = config;
  const readiness = new ServerReadiness({
    problem: () => opened.embedded?.problem ?? store.problem,
    full: () => store.messages.full,
    eviction: () => store.capacity.eviction,
    publishing: () => publishing?.problem,
  });
  // Registered before anything is awaited: the store reports once that it is ready.
  const fatal = watchStore(opened, readiness, log);
  const draining = new AbortController();
  const registry = new SessionRegistry(store.hints);
  const queueConfiguration = createQueueConfiguration(config);
  const inForce = new SettingsInForce({ store, log, ...queueConfiguration });
  const deletions = new Deletions({
    ...{ store, inForce, log },
    onDeleted: () => opened.embedded?.forgetDeleted(),
  });
  store.useDeliverySettings((queue) => deliverySettingsOf(inForce.of(queue)));
  const clock = { random: Math.random, now: Date.now };
  const boundedLog = new BoundedLog(log);
  const observed = { observer: metrics, log: boundedLog };
  const rulesInForce = new RulesInForce({ store, read: readStoredRules, ...observed });
  const mover = new Mover({ store, settingsOf: inForce.of, ...observed });
  const shared = {
    ...{ store, registry, settingsOf: inForce.of, ...clock, ...observed, mover },
    ...{ onDeleting: deletions.resume, onMoveLate: mover.resume },
    groupOf: createGroupOf(),
    rules: new RuleJudge({ rules: rulesInForce, ...observed, now: Date.now }),
  };
  store.hints.onConfig((queue, deleted) => {
    if (deleted) metrics.forget(queue);
  });
  const dlq = createDlq({
    ...shared,
    heartbeatMs: config.heartbeatIntervalMs,
    logNotes: config.logNotes,
    payloadMaxBytes,
    outboxFields: config.outboxFields,
    draining: draining.signal,
    drainGraceMs: config.drainGraceMs,
  });
  const making = { store, redactOf: inForce.redactOf };
  const publishedMaker = new EventMaker({ ...making, isShared: false });
  const publishing = createPublishing(config, { store, maker: publishedMaker, metrics, log });
  const watching = { reads: new WatchReads(store.outbox), pace: new Pace() };
  const filters = new SharedFilters();
  const watchedMaker = new EventMaker({ ...making, isShared: true });
  const events = createWatchEvents({
    outbox: store.outbox,
    maker: watchedMaker,
    filters,
    ...watching,
  });
  const queues = createQueueAdmin({
    store,
    inForce,
    deletions,
    log,
    check: queueConfiguration.check,
  });
  const messages = createMessageAdmin({
    ...{ ...shared, stats: dlq.stats },
    outboxFields: config.outboxFields,
  });
  const watchMessages = createWatchMessages({
    ...shared,
    ...watching,
    scanner: new Scanner(store),
  });
  const groups = createGroupAdmin(shared);
  const workers = createWorkerAdmin(shared);
  const deliveryBlocks = createDeliveryBlockAdmin(store, log);
  const batchJobs = createBatchJobs({ ...shared, groups, payloadMaxBytes });
  const deleted = createDeletedAdmin(shared);
  const ruleAdmin = createRuleAdmin({ store, inForce: rulesInForce, log, payloadMaxBytes });
  const simulate = createSimulate(shared);
  const serverInfo = createServerInfo({
    ...{ store, version, embedded: opened.embedded !== undefined, now: Date.now },
    nats: () => publishing?.info,
  });
  metrics.setQueues(createQueueFigures(shared));
  metrics.setStore({
    isUp: () => readiness.hasStore,
    isFull: () => store.messages.full !== undefined,
    evicts: () => store.capacity.eviction !== undefined,
  });
  const credentials = await liveCredentials(config, files);
  const guard = createGuard({ credentials, metrics, log });
  const useCases = {
    ...{ dlq, events, watchMessages, draining: draining.signal },
    messages,
    groups,
    workers,
    queues,
    deliveryBlocks,
    jobs: batchJobs.admin,
    deleted,
    rules: ruleAdmin,
    simulate,
    serverInfo,
  };
  const listeners = await listen(config, log, metrics, useCases, guard, readiness, certificate);
  if (certificate !== undefined) certificate.onRenewed = listeners.useCertificate;
  // Before calls are accepted: what happens from now on is published.
  await publishing?.start();
  const address = await listeners.start();
  log.info({ ...address, where: opened.where }, "listening");
  const { tlsCert } = config;
  const facts = { ...address, where: opened.where, tlsCert, needsToken: needsToken(config) };
  process.stderr.write(banner(facts));

  const pumps = new Pumps(shared);
  pumps.start();
  const tender = new Tender(shared);
  tender.start();
  if (config.batchJobs) batchJobs.start();
  const loops = [
    startLoop(SIGN_OF_LIFE_MS, () => store.signOfLife()),
    startReconciler(store, registry, log),
    startConfigWatch(store, Math.random),
    files.start(),
  ];

  const why = await Promise.race([signalled, fatal]);
  log.info({ why: why instanceof Error ? why.message : why }, "draining");
  readiness.set("draining", true);
  const held = heldNow(registry.all());
  draining.abort();
  listeners.drain();
  await Promise.all([pumps.stop(), tender.stop(), batchJobs.stop()]);
  // After a fatal error the store accepts no outcomes, so there is nothing to wait for.
  if (!(why instanceof Error)) await untilSettled(store, held, config.drainGraceMs);
  await listeners.close(LAST_CALLS_MS);
  await Promise.all(loops.map((loop) => loop.stop()));
  await mover.stop();
  await publishing?.stop();
  boundedLog.close();
  if (why instanceof Error) throw why;
}

async function listen(
  config: Config,
  log: Logger,
  metrics: MetricsRegistry,
  useCases: Pick<
    ServicesOptions,
    | "dlq"
    | "events"
    | "draining"
    | "watchMessages"
    | "messages"
    | "groups"
    | "workers"
    | "queues"
    | "deliveryBlocks"
    | "jobs"
    | "deleted"
    | "rules"
    | "simulate"
    | "serverInfo"
  >,
  guard: Guard,
  readiness: ServerReadiness,
  certificate: LiveCertificate | undefined,
) {
  const services = createServices({
    ...useCases,
    guard,
    log: recordLog(log),
    readiness,
    descriptorSet: await readDescriptorSet(),
    payloadMaxBytes: config.payloadMaxBytes,
    drainGraceMs: config.drainGraceMs,
    streamQueues: new StreamQueues(config.maxStreamQueues),
    maxWatches: config.maxWatches,
  });
  return createListeners({
    config: { ...config, tls: certificate?.first },
    services,
    readiness,
    metrics,
    guard,
    log,
  });
}

/**
 * Updates readiness from the store. The promise resolves only with a fatal error: data that this
 * version cannot read, or an embedded Redis that refuses its data.
 */
function watchStore(opened: OpenedStore, readiness: ServerReadiness, log: Logger): Promise<Error> {
  const { store, embedded } = opened;
  return new Promise((resolve) => {
    embedded?.ready.catch((error: unknown) => {
      resolve(error instanceof Error ? error : new Error(String(error)));
    });
    store.onRefused(resolve);
    let lostAt: number | undefined;
    store.onLost(() => {
      readiness.set("store", true);
      if (lostAt === undefined && !readiness.draining)
        log.warn("the store does not answer; calls get UNAVAILABLE until it does");
      lostAt ??= performance.now();
    });
    store.onReady((warnings) => {
      for (const warning of warnings) log.warn(warning);
      readiness.set("store", false);
      const outageMs = lostAt === undefined ? undefined : Math.round(performance.now() - lostAt);
      lostAt = undefined;
      log.info({ outageMs }, "the store is ready");
    });
  });
}
