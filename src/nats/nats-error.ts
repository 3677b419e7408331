import { JetStreamApiError } from "@nats-io/jetstream";
import {
  AuthorizationError,
  NoRespondersError,
  PermissionViolationError,
  RequestError,
  TimeoutError,
  UserAuthenticationExpiredError,
} from "@nats-io/transport-node";

/** NATS does not take an event, or cannot be reached. The message is for people and has no secrets. */
export class NatsError extends Error {
  override readonly name = "NatsError";
}

/** Error codes of JetStream. */
const OTHER_STREAM = 10060;
const STORE_FAILED = 10077;
const ACCOUNT_LIMIT = 10002;
const SERVER_WITHOUT_SPACE = 10023;
const MEMORY_LIMIT = 10028;
const STORAGE_LIMIT = 10047;
const FULL: readonly number[] = [ACCOUNT_LIMIT, SERVER_WITHOUT_SPACE, MEMORY_LIMIT, STORAGE_LIMIT];

/** Codes of certificates of an authority that is not known here. */
const UNKNOWN_AUTHORITY = /SELF_SIGNED_CERT|^UNABLE_TO_(?:VERIFY_LEAF|GET_ISSUER)/;
const SET_AUTHORITY = "nats_tls_ca must name the certificate of its authority";

/** Whom a request was sent to. */
export interface NatsTarget {
  /** `nats://host:port`, one or several. */
  readonly at: string;
  readonly timeoutMs: number;
}

/** The request that failed. */
interface ErrorContext extends NatsTarget {
  readonly subject?: string;
  readonly stream?: string;
}

/** Returns what failed in words for people. */
export function toNatsError(error: unknown, context: ErrorContext): NatsError {
  if (error instanceof NatsError) return error;
  return new NatsError(textOf(error, context), { cause: error });
}

function textOf(error: unknown, { at, timeoutMs, subject, stream }: ErrorContext): string {
  const denied = permissionViolationIn(error);
  if (denied !== undefined) {
    const action = denied.operation === "publish" ? "publish to" : "subscription of";
    return `permission denied for ${action} "${denied.subject}"`;
  }
  if (isNoResponders(error)) {
    return subject === undefined
      ? `JetStream is not enabled in NATS at ${at}`
      : `no stream takes the subject "${subject}": stream ${stream} must exist, with it among its subjects`;
  }
  if (error instanceof JetStreamApiError) return textOfApiError(error, subject, stream);
  if (error instanceof TimeoutError) {
    const who = stream === undefined ? `NATS at ${at}` : `stream ${stream} in NATS at ${at}`;
    return `${who} does not answer within ${timeoutMs / 1000} s`;
  }
  const why = error instanceof Error ? error.message : String(error);
  if (
    error instanceof AuthorizationError ||
    error instanceof UserAuthenticationExpiredError ||
    why === "unable to parse credentials"
  ) {
    return `NATS at ${at} refuses the credentials: ${why}`;
  }
  const wrongTls = tlsProblemIn(error);
  return wrongTls === undefined
    ? `NATS at ${at} does not answer: ${why}`
    : `TLS with NATS at ${at} fails: ${wrongTls}`;
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

function textOfApiError(error: JetStreamApiError, subject = "", stream = ""): string {
  const { code, message } = error;
  if (code === OTHER_STREAM) return `another stream than ${stream} takes the subject "${subject}"`;
  const isFull = FULL.includes(code) || (code === STORE_FAILED && message.startsWith("maximum "));
  return isFull ? `stream ${stream} is full: ${message}` : `stream ${stream} fails: ${message}`;
}

export function tooLarge(id: string, max: number | undefined): NatsError {
  return new NatsError(`event ${id} is larger than max_payload of NATS, ${max} bytes`);
}

/** Returns the refusal by permissions that an error is, or is caused by. */
export function permissionViolationIn(error: unknown): PermissionViolationError | undefined {
  if (error instanceof PermissionViolationError) return error;
  return error instanceof Error && error.cause instanceof Error
    ? permissionViolationIn(error.cause)
    : undefined;
}

/** Reports that nobody takes a subject of a request: no stream, or no JetStream. */
export function isNoResponders(error: unknown): boolean {
  if (error instanceof NoRespondersError) return true;
  if (error instanceof RequestError && error.isNoResponders()) return true;
  return error instanceof Error && error.cause !== undefined && isNoResponders(error.cause);
}
