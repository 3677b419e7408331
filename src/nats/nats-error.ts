import { JetStreamApiError } from "@nats-io/jetstream";
import {
  AuthorizationError,
  NoRespondersError,
  PermissionViolationError,
  RequestError,
  TimeoutError,
  UserAuthenticationExpiredError,
} from "@nats-io/transport-node";
import { escapeUnsafe } from "../core/escape-unsafe.ts";
import { type EventMessage, WrittenHeaders } from "./event-message.ts";

/** Why NATS does not take an event, or cannot be reached. */
interface Reason {
  /** For operators, without secrets. */
  readonly text: string;
  /** For anybody: also without names, addresses, paths, and what NATS sends. */
  readonly brief: string;
}

export class NatsError extends Error {
  override readonly name = "NatsError";
  readonly brief: string;

  constructor({ text, brief }: Reason, options?: ErrorOptions) {
    super(escapeUnsafe(text), options);
    this.brief = brief;
  }
}

/** Error codes of JetStream. */
const OTHER_STREAM = 10060;
const STORE_FAILED = 10077;
const ACCOUNT_LIMIT = 10002;
const SERVER_WITHOUT_SPACE = 10023;
const MEMORY_LIMIT = 10028;
const STORAGE_LIMIT = 10047;
const NO_ROOM: readonly number[] = [
  ...[ACCOUNT_LIMIT, SERVER_WITHOUT_SPACE, MEMORY_LIMIT, STORAGE_LIMIT],
];
const MESSAGE_TOO_LARGE = 10054;

/** Nothing listens there, or there is no such host. */
const UNREACHABLE = /connection refused|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH/;

/** The other side ended the connection. Data that this client was sending may have removed its reason. */
const ENDED = /ECONNRESET|EPIPE/;

/** Characters of an error, which may have long names and subjects. */
const TEXT_MAX = 1_500;

/** Codes of certificates of an authority that is not known here. */
const UNKNOWN_AUTHORITY = /SELF_SIGNED_CERT|^UNABLE_TO_(?:VERIFY_LEAF|GET_ISSUER)/;
const SET_AUTHORITY = "nats_tls_ca must name the certificate of its authority";

/** The NATS servers of a request, for errors. */
export interface NatsTarget {
  /** `nats://host:port`, one or several. */
  readonly at: string;
  readonly timeoutMs: number;
  /** What NATS got and may send back: user, password and token. Default: none. */
  secrets?(): readonly string[];
}

/** The request that failed. */
interface ErrorContext extends NatsTarget {
  readonly subject?: string;
  readonly stream?: string;
  /** Whether it was a connection without a certificate of this client. NATS may demand TLS and one. */
  readonly hasNoCertificate?: boolean;
}

/** Returns what failed in words for people. */
export function toNatsError(error: unknown, context: ErrorContext): NatsError {
  if (error instanceof NatsError) return error;
  const { text, brief } = reasonOf(error, context);
  return new NatsError({ text: shownOf(text), brief }, { cause: error });
}

/** A server may send any text, also of any length. Real ones are short, and have no JSON: that would be ours, with the password. */
function shownOf(text: string): string {
  const bare = text.replace(/\{.*$/s, "…");
  return bare.length <= TEXT_MAX ? bare : `${bare.slice(0, TEXT_MAX)}…`;
}

/** Returns a text of NATS without the secrets, longer ones first: they may have others in them. */
function withoutSecrets(text: string, secrets: readonly string[] = []): string {
  return secrets
    .filter((one) => one !== "")
    .toSorted((a, b) => b.length - a.length)
    .reduce((rest, one) => rest.replaceAll(one, "***"), text);
}

function reasonOf(error: unknown, context: ErrorContext): Reason {
  const { at, timeoutMs, subject, stream } = context;
  const shown = (text: string) => withoutSecrets(text, context.secrets?.());
  const denied = deniedIn(error);
  if (denied !== undefined) return { brief: "permission denied", text: textOfDenied(denied) };
  if (isNoResponders(error)) return noResponders(context);
  if (error instanceof JetStreamApiError)
    return reasonOfApiError(error.code, shown(error.message), subject, stream);
  if (error instanceof TimeoutError) {
    const who = stream === undefined ? `NATS at ${at}` : `stream ${stream} in NATS at ${at}`;
    const text = `${who} does not answer within ${timeoutMs / 1000} s`;
    return { brief: "NATS does not answer (timeout)", text };
  }
  const why = shown(error instanceof Error ? error.message : String(error));
  if (
    error instanceof AuthorizationError ||
    error instanceof UserAuthenticationExpiredError ||
    why === "unable to parse credentials"
  ) {
    const text = `NATS at ${at} refuses the credentials: ${why}; correct user and password in nats_url, or nats_credentials_file`;
    return { brief: "NATS refuses the credentials", text };
  }
  const wrongTls = tlsProblemIn(error);
  if (wrongTls !== undefined)
    return { brief: "TLS fails", text: `TLS with NATS at ${at} fails: ${shown(wrongTls)}` };
  const unreachable = UNREACHABLE.exec(why)?.[0];
  const brief = `NATS does not answer${unreachable === undefined ? "" : ` (${unreachable})`}`;
  const text = `NATS at ${at} does not answer: ${why}`;
  if (unreachable !== undefined) return { brief, text: `${text}; start NATS, or correct nats_url` };
  if (context.hasNoCertificate !== true || !isEnd(error)) return { brief, text };
  const advice = "it may require a certificate: set nats_tls_cert and nats_tls_key";
  return { brief, text: `${text}; ${advice}` };
}

/** Whether the other side ended the connection. Node's text does not always have the code. */
function isEnd(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code, message, cause } = error as NodeJS.ErrnoException;
  return ENDED.test(code ?? "") || ENDED.test(message) || isEnd(cause);
}

function noResponders({ at, subject, stream }: ErrorContext): Reason {
  if (subject === undefined) {
    const text = `JetStream is not enabled in NATS at ${at}; enable it, or leave out nats_stream`;
    return { brief: "JetStream is not enabled", text };
  }
  const text = `no stream takes the subject "${subject}": stream ${stream} must exist, with it among its subjects`;
  return { brief: "no stream takes the events", text };
}

function textOfDenied({ operation, subject }: PermissionViolationError): string {
  if (operation !== "publish")
    return `permission denied for subscription of "${subject}"; allow this user to subscribe to "_INBOX.>"`;
  const more = subject.startsWith("$JS.API.STREAM.CREATE.") ? ", or create the stream" : "";
  return `permission denied for publish to "${subject}"; allow it to this user${more}`;
}

/** Returns why TLS fails, if an error is about that. */
function tlsProblemIn(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error.message.endsWith("does not support 'tls'")) return error.message;
  const { code, reason } = error as { readonly code?: unknown; readonly reason?: unknown };
  // Those of certificates, such as CERT_HAS_EXPIRED, do not begin with E; those of the system do.
  if (typeof code === "string" && /^(?:ERR_(?:O?SSL|TLS)_|[^E])/.test(code)) {
    const why = typeof reason === "string" ? reason : error.message;
    // Node adds its own advice behind a semicolon.
    return UNKNOWN_AUTHORITY.test(code) ? `${why.split(";")[0]}: ${SET_AUTHORITY}` : why;
  }
  return tlsProblemIn(error.cause);
}

function reasonOfApiError(code: number, message: string, subject = "", stream = ""): Reason {
  if (code === OTHER_STREAM) {
    const text = `another stream than ${stream} takes the subject "${subject}"; set nats_stream to that one, or other prefixes`;
    return { brief: "another stream takes the events", text };
  }
  const raise = NO_ROOM.includes(code)
    ? "raise the limits of JetStream for the account or the server"
    : "raise its max_bytes or max_msgs, or shorten max_age";
  if (NO_ROOM.includes(code) || (code === STORE_FAILED && message.startsWith("maximum ")))
    return { brief: "the stream is full", text: `stream ${stream} is full: ${message}; ${raise}` };
  return { brief: "the stream fails", text: `stream ${stream} fails: ${message}` };
}

/** Reports that a stream refuses a message for its size. */
export function isTooLarge(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.code === MESSAGE_TOO_LARGE;
}

/** `headers`: all lines that are sent. `limit`: the setting of NATS that refuses the event. */
export function tooLarge({ id, queue, body, headers }: EventMessage, limit: string): NatsError {
  const bytes = body.length + new WrittenHeaders(headers).encode().length;
  const text = `event ${id} of queue "${queue}" is too large, ${bytes} bytes; raise ${limit}`;
  return new NatsError({ brief: "an event is too large", text });
}

/** Returns what permissions denied, if an error is that or is caused by it. */
export function deniedIn(error: unknown): PermissionViolationError | undefined {
  if (error instanceof PermissionViolationError) return error;
  return error instanceof Error && error.cause instanceof Error ? deniedIn(error.cause) : undefined;
}

/** Reports that nobody takes a subject of a request: no stream, or no JetStream. */
export function isNoResponders(error: unknown): boolean {
  if (error instanceof NoRespondersError) return true;
  if (error instanceof RequestError && error.isNoResponders()) return true;
  return error instanceof Error && error.cause !== undefined && isNoResponders(error.cause);
}
