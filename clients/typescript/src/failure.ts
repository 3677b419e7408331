import { create } from "@bufbuild/protobuf";
import { type Failure, FailureSchema } from "../../../gen/dlq/v1/failure_pb.ts";
import { type ChainedError, chainOf, isErrorLike, stackOf, textOf } from "./error-chain.ts";
import { retryDelayOf } from "./google-details.ts";
import { cut, describe, peek, peekHeader, peekInteger, peekText } from "./peek.ts";

// Limits of the contract; what is longer is cut by one byte more, so that the server flags it.
const TYPE_BYTES = 512;
const MESSAGE_BYTES = 4 * 1024;
const STACK_BYTES = 16 * 1024;
const ATTRIBUTE_BYTES = 1024;

/** What errors of Node and of clients carry beside their words. */
const ATTRIBUTES = ["code", "errno", "syscall", "hostname", "address", "port", "path", "method"];

/** The server reads it, as seconds or a date, and retries no sooner. */
const RETRY_AFTER = "retry-after";

/** Codes that name the cause by themselves: `ECONNREFUSED`, `UND_ERR_CONNECT_TIMEOUT`. */
const TELLING_CODE = /^(?:E[A-Z0-9]{2,}|EAI_[A-Z]+|UND_ERR_[A-Z_]+|CERT_[A-Z_]+)$/;
const ANY_CODE = /^[A-Z][A-Z0-9_]{2,63}$/;
const SQLSTATE = /^[0-9A-Z]{5}$/;

/** What is known of something that was thrown, whatever it is. Never throws itself. */
export function failureOf(thrown: unknown): Failure {
  const failure = create(FailureSchema);
  const chain = chainOf(thrown);
  failure.type = cut(typeOf(thrown, chain), TYPE_BYTES);
  failure.message = cut(messageOf(thrown, chain), MESSAGE_BYTES);
  failure.stackTrace = cut(stackOf(chain, STACK_BYTES), STACK_BYTES);
  const grpcCode = firstOf(chain, grpcCodeOf);
  if (grpcCode !== undefined) failure.grpcCode = grpcCode;
  const httpStatus = firstOf(chain, httpStatusOf);
  if (httpStatus !== undefined) failure.httpStatus = httpStatus;
  const retryDelay = firstOf(chain, ({ error }) => retryDelayOf(error));
  if (retryDelay !== undefined) failure.retryAfter = retryDelay;
  for (const name of ATTRIBUTES) {
    const value = firstOf(chain, ({ error }) => simple(peek(error, name)));
    if (value !== undefined) failure.attributes[name] = cut(value, ATTRIBUTE_BYTES);
  }
  const retryAfter = firstOf(chain, retryAfterHeaderOf);
  if (retryAfter !== undefined) failure.attributes[RETRY_AFTER] = cut(retryAfter, ATTRIBUTE_BYTES);
  return failure;
}

/**
 * `OrderError`, `Error [ECONNREFUSED]`, `error [SQLSTATE 42P01]`: the class, and the code where that says more. A wrapper
 * without a code of its own shows that of its cause, which is what decides on the retries.
 */
function typeOf(thrown: unknown, chain: readonly ChainedError[]): string {
  const name = nameOf(thrown);
  const own = peekText(thrown, "code");
  if (name === "Error" && ANY_CODE.test(own) && sqlStateOf(thrown) === undefined) {
    return `${name} [${own}]`;
  }
  const code = firstOf(chain, ({ error }) => tellingCodeOf(error));
  return code === undefined ? name : `${name} [${code}]`;
}

function tellingCodeOf(error: unknown): string | undefined {
  const code = peekText(error, "code");
  return TELLING_CODE.test(code) ? code : sqlStateOf(error);
}

/**
 * `SQLSTATE 42P01`, of what PostgreSQL said: its clients have the bare five letters in `code`, and a
 * `severity` beside it, by which they are told from anybody else's code.
 */
function sqlStateOf(error: unknown): string | undefined {
  const code = peekText(error, "code");
  return SQLSTATE.test(code) && peekText(error, "severity") !== "" ? `SQLSTATE ${code}` : undefined;
}

/** A subclass that did not set its `name` is still known by its class. */
function nameOf(thrown: unknown): string {
  const name = peekText(thrown, "name");
  const ofClass = peekText(peek(thrown, "constructor"), "name");
  if (!isErrorLike(thrown)) return name || ofClass || typeof thrown;
  return name === "" || name === "Error" ? ofClass || name || "Error" : name;
}

/** Errors of failed connections often have no words of their own: those of the next one, then. */
function messageOf(thrown: unknown, chain: readonly ChainedError[]): string {
  return (
    firstOf(chain, ({ error }) => textOf(error) || undefined) ??
    (chain.length === 0 ? describe(thrown) : "")
  );
}

/** Of a ConnectError, or of an error of grpc-js: both have metadata beside the code. */
function grpcCodeOf({ error }: ChainedError): number | undefined {
  const code = peekInteger(error, "code");
  if (code === undefined || code < 0 || code > 16) return undefined;
  return typeof peek(error, "metadata") === "object" ? code : undefined;
}

function httpStatusOf({ error }: ChainedError): number | undefined {
  const response = peek(error, "response");
  const found = [error, response].flatMap((holder) => [
    peekInteger(holder, "status"),
    peekInteger(holder, "statusCode"),
  ]);
  return found.find((status) => status !== undefined && status >= 100 && status <= 599);
}

/** Of an answer's headers, as fetch, axios, got, and clients made of these keep them. */
function retryAfterHeaderOf({ error }: ChainedError): string | undefined {
  for (const holder of [error, peek(error, "response")]) {
    const headers = peek(holder, "headers");
    const found = [RETRY_AFTER, "Retry-After"].map((name) => simple(peek(headers, name)));
    const value =
      found.find((text) => text !== undefined) ?? simple(peekHeader(headers, RETRY_AFTER));
    if (value !== undefined) return value;
  }
  return undefined;
}

function simple(value: unknown): string | undefined {
  if (typeof value === "string") return value === "" ? undefined : value;
  return typeof value === "number" && Number.isFinite(value) ? String(value) : undefined;
}

function firstOf<T>(
  chain: readonly ChainedError[],
  look: (one: ChainedError) => T | undefined,
): T | undefined {
  for (const one of chain) {
    const found = look(one);
    if (found !== undefined) return found;
  }
  return undefined;
}
