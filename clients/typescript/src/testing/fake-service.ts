import { randomUUID } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs, timestampNow } from "@bufbuild/protobuf/wkt";
import {
  Code,
  ConnectError,
  createRouterTransport,
  type ServiceImpl,
  type Transport,
} from "@connectrpc/connect";
import {
  AckStatus,
  DeliverySchema,
  DlqService,
  type SendToDlqRequest,
  type SendToDlqResponse,
  SendToDlqResponseSchema,
} from "../../../../gen/dlq/v1/dlq_service_pb.ts";
import { MessageSchema, type Payload } from "../../../../gen/dlq/v1/message_pb.ts";
import { MessageState, QuarantineReason, Reason } from "../../../../gen/dlq/v1/state_pb.ts";
import { MAX_TIMER_MS } from "../deadline.ts";
import type { FakeMessage } from "./fake-message.ts";
import { invalid, withinResponse } from "./fake-refusal.ts";
import type { FakeStore } from "./fake-store.ts";

/** Longer than any test runs. */
const LEASE_MS = 3_600_000;
const MAX_IN_FLIGHT = 16;
/** The service's default. */
const MAX_PAYLOAD_BYTES = 1024 ** 2;
const QUEUE_NAME = /^[A-Za-z0-9._-]{1,128}$/;

/** Whether the fake is down: then every call fails. */
export interface FakeOutage {
  isDown: boolean;
}

/** Implements the service's calls on a {@link FakeStore}, without a network. */
export function fakeTransport(store: FakeStore, outage: FakeOutage): Transport {
  const answers = new Map<string, SendToDlqResponse>();
  const checkUp = () => {
    if (outage.isDown) throw new ConnectError("the fake is down", Code.Unavailable);
  };
  const accept = (request: SendToDlqRequest): SendToDlqResponse => {
    const known = answers.get(request.requestId);
    if (known !== undefined) return known;
    if (!QUEUE_NAME.test(request.queue)) {
      throw invalid(`queue is "${request.queue}"; give 1 to 128 of A-Z a-z 0-9 . _ -`);
    }
    checkPayload(request.payload);
    const { message, joined } = store.accept(request);
    const response = create(SendToDlqResponseSchema, { ...shownState(message), duplicate: joined });
    response.id = message.id;
    response.reason = Reason[message.reason];
    if (request.requestId !== "") answers.set(request.requestId, response);
    return response;
  };

  const implementation: Partial<ServiceImpl<typeof DlqService>> = {
    sendToDlq(request) {
      checkUp();
      return accept(request);
    },
    sendToDlqBatch({ requests }) {
      checkUp();
      const results = requests.map((request) => {
        try {
          return { outcome: { case: "response" as const, value: accept(request) } };
        } catch (reason) {
          const value = withinResponse(ConnectError.from(reason));
          return { outcome: { case: "error" as const, value } };
        }
      });
      return { results };
    },
    async *streamDue(request, { signal }) {
      checkUp();
      const sessionId = request.resumeSessionId || randomUUID();
      const leaseDuration = durationFromMs(LEASE_MS);
      yield { frame: { case: "opened" as const, value: { sessionId, leaseDuration } } };
      const held: FakeMessage[] = [];
      while (!signal.aborted && !outage.isDown) {
        const inFlight = held.filter(({ state }) => state === "IN_FLIGHT").length;
        const room = (request.maxInFlight ?? MAX_IN_FLIGHT) - inFlight;
        const taken = store.take(request.queues, sessionId, room);
        held.push(...taken);
        if (taken.length === 0) {
          await nextChange(store, request.queues, signal);
          continue;
        }
        const deliveries = taken.map(deliveryOf);
        yield { frame: { case: "deliveries" as const, value: { deliveries } } };
      }
    },
    ack({ outcomes }) {
      checkUp();
      const results = outcomes.map((outcome) => {
        const message = store.settle(outcome);
        if (message === undefined) return { status: AckStatus.LEASE_LOST };
        return { status: AckStatus.APPLIED, ...shownState(message) };
      });
      return { results };
    },
    extendLease({ sessionId, leaseTokens: given }) {
      checkUp();
      const leaseTokens = sessionId === "" ? given : store.leasesOf(sessionId);
      const leaseExpireTime = timestampFromMs(Date.now() + LEASE_MS);
      const results = leaseTokens.map((leaseToken) => {
        if (store.leased(leaseToken) === undefined) {
          return { leaseToken, status: AckStatus.LEASE_LOST };
        }
        return { leaseToken, status: AckStatus.APPLIED, leaseExpireTime };
      });
      return { results };
    },
    async *watchEvents(request, { signal }) {
      checkUp();
      let from = store.events.startOf(request);
      yield { resumeToken: String(from) };
      while (!signal.aborted) {
        checkUp();
        const { events, next } = store.events.read(from, request);
        from = next;
        if (events.length > 0) yield { events, resumeToken: String(next) };
        else await nextChange(store, [], signal);
      }
    },
    stats({ queues }) {
      checkUp();
      const all = [...new Set(store.messages.map(({ queue }) => queue))].sort();
      const names = queues.length === 0 ? all : queues;
      return { queues: names.map((queue) => statsOf(store, queue)) };
    },
  };
  return createRouterTransport(({ service }) => void service(DlqService, implementation));
}

function checkPayload(payload: Payload | undefined): void {
  if (payload?.body.case === undefined) return;
  const { case: name, value } = payload.body;
  const bytes = Buffer.byteLength(value);
  if (bytes <= MAX_PAYLOAD_BYTES) return;
  throw invalid(
    `payload.${name}: is ${bytes} bytes long; this server accepts at most ${MAX_PAYLOAD_BYTES}: store large content elsewhere and send a reference, or raise the server's payload limit`,
  );
}

/** Waits for a change, or until the next message of a queue is due. */
function nextChange(store: FakeStore, queues: readonly string[], signal: AbortSignal) {
  return new Promise<void>((resolve) => {
    const end = () => {
      stop();
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const stop = store.listen(end);
    const dueAtMs = store.nextDueAtMs(queues);
    const waitMs = dueAtMs === undefined ? MAX_TIMER_MS : dueAtMs - Date.now();
    const timer = setTimeout(end, Math.min(Math.max(waitMs, 1), MAX_TIMER_MS));
    if (waitMs > 0) timer.unref();
    signal.addEventListener("abort", end, { once: true });
    if (signal.aborted) end();
  });
}

function deliveryOf(message: FakeMessage) {
  const { id, request, attempts } = message;
  const { queue, attributes, sourceId, dedupKey, orderingKey, priority } = request;
  const shown = create(MessageSchema, {
    ...{ id, queue, attributes, sourceId, dedupKey, orderingKey, priority, attempts },
    reason: Reason[message.reason],
    failureCount: message.failures.length,
    createTime: timestampNow(),
  });
  if (request.payload !== undefined) shown.payload = request.payload;
  if (message.failure !== undefined) shown.failure = message.failure;
  if (request.origin !== undefined) shown.origin = request.origin;
  if (request.traceContext !== undefined) shown.traceContext = request.traceContext;
  return create(DeliverySchema, {
    message: shown,
    leaseToken: message.leaseToken,
    leaseExpireTime: timestampFromMs(Date.now() + LEASE_MS),
    attempt: attempts + 1,
    deliveryNumber: message.deliveries,
  });
}

function shownState(message: FakeMessage) {
  const { state, quarantineReason, dueAtMs } = message;
  return {
    state: MessageState[state],
    quarantineReason: QuarantineReason[quarantineReason ?? "UNSPECIFIED"],
    ...(state === "SCHEDULED" ? { dueTime: timestampFromMs(dueAtMs || Date.now()) } : {}),
  };
}

function statsOf(store: FakeStore, queue: string) {
  const messages = store.messages.filter((message) => message.queue === queue);
  const count = (state: FakeMessage["state"]) =>
    BigInt(messages.filter((message) => message.state === state).length);
  const sum = (figure: (message: FakeMessage) => number) =>
    BigInt(messages.reduce((total, message) => total + figure(message), 0));
  return {
    queue,
    scheduled: count("SCHEDULED"),
    inFlight: count("IN_FLIGHT"),
    quarantined: count("QUARANTINED"),
    totals: {
      accepted: BigInt(messages.length),
      succeeded: count("SUCCEEDED"),
      discarded: count("DISCARDED"),
      deliveries: sum((message) => message.deliveries),
      failedAttempts: sum((message) => message.attempts),
    },
  };
}
