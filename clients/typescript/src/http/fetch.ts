// `dlq-client/fetch`: outgoing requests, such as webhooks, that are made again when they fail.

import type { DlqClient } from "../client.ts";
import type { SendOptions } from "../send-options.ts";
import type { Handler } from "../worker/worker-options.ts";
import { headerOptions } from "./headers.ts";

/** What is kept of a request: without the headers that carry credentials by standard. */
export interface KeptRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Base64. */
  readonly body?: string;
}

/** An answer that is no success. The DLQ reads from it when, and whether, to try again. */
export class HttpStatusError extends Error {
  override readonly name = "HttpStatusError";
  readonly status: number;
  /** From `Retry-After`. */
  readonly retryAfterMs: number | undefined;
  /** The request itself is wrong. */
  readonly nonRetryable: boolean;

  constructor(response: Response) {
    super(`${hostOf(response)} answered ${response.status}`);
    this.status = response.status;
    this.retryAfterMs = retryAfterMsOf(response.headers.get("retry-after"));
    const { status } = response;
    this.nonRetryable = status >= 400 && status < 500 && !PASSING.has(status);
  }
}

/** Statuses of 4xx that a later try can change. */
const PASSING: ReadonlySet<number> = new Set([401, 403, 408, 409, 423, 425, 429]);
/** They are not stored. */
const SECRET: ReadonlySet<string> = new Set(["authorization", "cookie", "proxy-authorization"]);

/**
 * A `fetch` whose failed requests go to `queue`: those without an answer, and those whose answer is no
 * success. Resolves to undefined where it failed and is kept; rejects where it could not be kept.
 *
 * @param options of each send
 */
export function deadLetterFetch(
  dlq: Pick<DlqClient, "deadLetter">,
  queue: string,
  options: SendOptions = {},
): (input: string | URL | Request, init?: RequestInit) => Promise<Response | undefined> {
  const attempt = dlq.deadLetter(queue, (_: KeptRequest, request: Request) => answerTo(request), {
    send: ({ headers }) => ({ ...headerOptions((name) => headers[name]), ...options }),
  });
  return async (input, init) => {
    const request = new Request(input, init);
    return attempt(await keptFrom(request.clone()), request);
  };
}

/**
 * A worker's handler for what {@link deadLetterFetch} has sent: makes the request again.
 *
 * @param headers are added, such as the credentials that were not stored
 */
export function refetch(
  headers: (request: KeptRequest) => Readonly<Record<string, string>> = () => ({}),
): Handler {
  return async ({ payload, signal }) => {
    const kept = payload.json<KeptRequest>();
    const all = new Headers(kept.headers);
    for (const [name, value] of Object.entries(headers(kept))) all.set(name, value);
    const body = kept.body === undefined ? null : Buffer.from(kept.body, "base64");
    const request = new Request(kept.url, { method: kept.method, headers: all, body, signal });
    const response = await answerTo(request);
    await response.body?.cancel(); // nobody reads it, and it would keep its connection
  };
}

async function answerTo(request: Request): Promise<Response> {
  const response = await fetch(request);
  if (response.ok) return response;
  await response.body?.cancel();
  throw new HttpStatusError(response);
}

/** Only of a server's own answer the URL is known: not of one that a test has made. */
function hostOf({ url }: Response): string {
  return URL.canParse(url) ? new URL(url).host : "the server";
}

async function keptFrom(request: Request): Promise<KeptRequest> {
  const headers = [...request.headers].filter(([name]) => !SECRET.has(name));
  const body = Buffer.from(await request.arrayBuffer()).toString("base64");
  const { url, method } = request;
  return { url, method, headers: Object.fromEntries(headers), ...(body === "" ? {} : { body }) };
}

function retryAfterMsOf(header: string | null): number | undefined {
  if (header === null) return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}
