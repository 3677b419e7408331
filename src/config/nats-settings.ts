import { DEFAULT_EVENT_TYPES, EVENT_TYPE_NAMES } from "../core/event.ts";
import { bytes } from "./bytes.ts";
import { listOf } from "./list.ts";
import { natsUrl } from "./nats-url.ts";
import { optional, type Setting, setting } from "./setting.ts";
import { choice, path, string } from "./value-type.ts";

const MIB = 1024 * 1024;
const GROUP = "Events (NATS)";

const subjectPrefix = string({
  placeholder: "NAME",
  allowed: "1 to 64 letters, digits and _ -, with dots between them",
  pattern: /^(?=.{1,64}$)[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/,
});

/** Where events are published, and which. */
export const NATS_SETTINGS = {
  natsUrl: optional({
    name: "nats-url",
    group: GROUP,
    type: natsUrl,
    secret: true,
    fallbackText: "events are not published",
    doc: "NATS to which events are published: one or several servers of one cluster. tls:// requires TLS; with nats:// NATS decides. Characters such as @ in a password are escaped, as %40.",
    example: "nats://dlq:password@nats-0.internal,nats://nats-1.internal",
  }),
  natsStream: optional({
    name: "nats-stream",
    group: GROUP,
    type: string({
      placeholder: "NAME",
      allowed: "1 to 128 letters, digits and _ -",
      pattern: /^[A-Za-z0-9_-]{1,128}$/,
    }),
    fallbackText: "core NATS, where only connected consumers get an event",
    doc: "Stream of JetStream that keeps the events. It is created if it does not exist.",
    example: "DLQ",
  }),
  natsPrefix: setting({
    name: "nats-prefix",
    group: GROUP,
    type: subjectPrefix,
    fallback: "dlq",
    doc: "Prefix of the subjects: PREFIX.QUEUE.EVENT.",
    example: "acme.dlq",
  }),
  natsActionPrefix: setting({
    name: "nats-action-prefix",
    group: GROUP,
    type: subjectPrefix,
    fallback: "action_dlq",
    doc: "Prefix for events of messages that execute an action.",
    example: "acme.action_dlq",
  }),
  natsEvents: setting({
    name: "nats-events",
    group: GROUP,
    type: listOf(choice(EVENT_TYPE_NAMES, "EVENT"), {
      placeholder: "EVENT,…",
      allowed: `types of events: ${EVENT_TYPE_NAMES.join(", ")}`,
      min: 1,
    }),
    fallback: DEFAULT_EVENT_TYPES,
    fallbackText: "all but delivered",
    doc: "Types of events that are published.",
    example: "retry_failed,moved_to_poison",
  }),
  natsCredentialsFile: optional({
    name: "nats-credentials-file",
    group: GROUP,
    type: path,
    doc: "File with a JWT and its seed, as nsc writes it. Read again at each connection.",
    example: "/etc/dlq/nats.creds",
  }),
  natsNkeyFile: optional({
    name: "nats-nkey-file",
    group: GROUP,
    type: path,
    doc: "File with the seed of an NKey, a line that begins with SU. Read again at each connection.",
    example: "/etc/dlq/nats.nk",
  }),
  natsTlsCa: optional({
    name: "nats-tls-ca",
    group: GROUP,
    type: path,
    fallbackText: "the authorities that Node trusts",
    doc: "PEM file of the certificate authorities that are trusted for NATS. Requires TLS, also with nats://. The files of TLS are read again at each connection.",
    example: "/etc/dlq/nats-ca.crt",
  }),
  natsTlsCert: optional({
    name: "nats-tls-cert",
    group: GROUP,
    type: path,
    doc: "PEM file with the certificate that this server shows to NATS. Requires TLS, and nats-tls-key.",
    example: "/etc/dlq/nats.crt",
  }),
  natsTlsKey: optional({
    name: "nats-tls-key",
    group: GROUP,
    type: path,
    doc: "PEM file with the private key of nats-tls-cert.",
    example: "/etc/dlq/nats.key",
  }),
  natsBacklogMaxBytes: setting({
    name: "nats-backlog-max",
    group: GROUP,
    type: bytes({ min: MIB }),
    fallback: 256 * MIB,
    doc: "Most bytes of state changes that all partitions together keep while NATS takes no events: at most a quarter of Redis' maxmemory, and none beyond outbox-max while sends are refused. Then the oldest are removed and consumers get events_missed.",
    example: "1GiB",
  }),
} as const satisfies Record<string, Setting>;
