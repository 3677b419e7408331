// `dlq-client/fetch`: outgoing requests, such as webhooks, that are retried when they fail.

import type { DlqClient } from "../client.ts";
import { type OptionNames, requireFunction, requireKnown, timeout } from "../option-checks.ts";
import { safeText } from "../safe-read.ts";
import type { SendOptions } from "../send-options.ts";
import type { Handler } from "../worker/worker-options.ts";
import { headerOptions } from "./headers.ts";

/** The stored form of a request, without the standard headers for credentials. */
export interface KeptRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Base64. */
  readonly body?: string;
}

type HeaderValues = Readonly<Record<string, string>>;

/** A response that is not 2xx. The client derives from it whether and when to retry. */
export class HttpStatusError extends Error {
  override readonly name = "HttpStatusError";
  readonly status: number;
  /** From `Retry-After`. */
  readonly retryAfterMs: number | undefined;
  /** True for most of 4xx: the request itself is wrong. */
  readonly nonRetryable: boolean;

  constructor(response: Response) {
    super(`${hostOf(response)} answered ${response.status}`);
    this.status = response.status;
    this.retryAfterMs = retryAfterMsOf(response.headers.get("retry-after"));
    const { status } = response;
    this.nonRetryable = status >= 400 && status < 500 && !RETRYABLE.has(status);
  }
}

/** Statuses of 4xx after which a retry may succeed. */
const RETRYABLE: ReadonlySet<number> = new Set([401, 403, 408, 409, 423, 425, 429]);
/** Headers that are not stored. */
const CREDENTIALS: ReadonlySet<string> = new Set([
  "authorization",
  "cookie",
  "proxy-authorization",
  "x-api-key",
]);

/**
 * Creates a `fetch` that sends failed requests to `queue`: those without a response, and those whose
 * response is not 2xx. It then resolves to undefined; if the request could not be stored, or was aborted by
 * its signal, it rejects. A timeout of `AbortSignal.timeout` is a failure.
 *
 * @param options options of each send
 */
export function deadLetterFetch(
  dlq: Pick<DlqClient, "deadLetter">,
  queue: string,
  options: SendOptions = {},
): (input: string | URL | Request, init?: RequestInit) => Promise<Response | undefined> {
  const run = (_: KeptRequest, request: Request) =>
    responseTo(request).catch((error) => {
      if (isAborted(request.signal)) return { error };
      throw error;
    });
  const attempt = dlq.deadLetter(queue, run, {
    send: ({ headers }) => ({ ...headerOptions((name) => headers[name]), ...options }),
  });
  return async (input, init) => {
    const request = new Request(input, init);
    const response = await attempt(await keptFrom(request.clone()), request);
    if (response !== undefined && "error" in response) throw response.error;
    return response;
  };
}

/** Options of {@link refetch}. */
export interface RefetchOptions {
  /** How long a request may take until its response begins, in ms. Default 30,000. */
  readonly timeoutMs?: number | undefined;
}

const REFETCH_TIMEOUT_MS = 30_000;
const REFETCH_OPTIONS: OptionNames<RefetchOptions> = { timeoutMs: true };

/**
 * Creates a worker's handler that repeats the requests of {@link deadLetterFetch}.
 *
 * @param headers returns headers to add, such as the credentials that were not stored
 */
export function refetch(
  headers: (request: KeptRequest) => HeaderValues | PromiseLike<HeaderValues> = () => ({}),
  options: RefetchOptions = {},
): Handler {
  requireFunction("headers", headers);
  requireKnown("refetch", options, REFETCH_OPTIONS);
  const timeoutMs = timeout("timeoutMs", options.timeoutMs ?? REFETCH_TIMEOUT_MS);
  return async ({ payload, signal }) => {
    const kept = payload.json<KeptRequest>();
    const all = new Headers(kept.headers);
    for (const [name, value] of Object.entries(await headers(kept))) all.set(name, value);
    const body = kept.body === undefined ? null : Buffer.from(kept.body, "base64");
    const late = new AbortController();
    const ends = AbortSignal.any([signal, late.signal]);
    const request = new Request(kept.url, {
      method: kept.method,
      headers: all,
      body,
      signal: ends,
    });
    const timer = setTimeout(() => late.abort(timeoutError(request, timeoutMs)), timeoutMs);
    try {
      const response = await responseTo(request);
      await response.body?.cancel(); // frees its connection
    } finally {
      clearTimeout(timer);
    }
  };
}

function timeoutError(request: Request, ms: number): DOMException {
  return new DOMException(`${hostOf(request)} did not answer in ${ms / 1_000} s`, "TimeoutError");
}

/** Reports whether the program itself has given the request up. */
function isAborted({ aborted, reason }: AbortSignal): boolean {
  return aborted && safeText(reason, "name") !== "TimeoutError";
}

async function responseTo(request: Request): Promise<Response> {
  const response = await fetch(request);
  if (response.ok) return response;
  await response.body?.cancel();
  throw new HttpStatusError(response);
}

/** A response that a test constructed has no URL. */
function hostOf({ url }: Pick<Response, "url">): string {
  return URL.canParse(url) ? new URL(url).host : "the server";
}

async function keptFrom(request: Request): Promise<KeptRequest> {
  const headers = [...request.headers].filter(([name]) => !CREDENTIALS.has(name));
  const body = Buffer.from(await request.arrayBuffer()).toString("base64");
  const { url, method } = request;
  return { url, method, headers: Object.fromEntries(headers), ...(body === "" ? {} : { body }) };
}

function retryAfterMsOf(header: string | null): number | undefined {
  if (header === null) return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}
