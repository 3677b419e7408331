import type { DlqClient } from "../client.ts";
import { peekInteger } from "../peek.ts";
import type { SendOptions } from "../send-options.ts";
import { isKept, type SendResult } from "../send-result.ts";
import { headerOptions, shortPath } from "./headers.ts";

/** What servers of all kinds say of a request. */
export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  /** Where frameworks take the prefix of a router off the other one. */
  readonly originalUrl?: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** As the server has parsed it; without one there is nothing to send. */
  readonly body?: unknown;
}

/** How a server's failed requests are sent. */
export interface FailedRequestOptions<Request extends HttpRequest> {
  /** The message. Default: the parsed body. */
  readonly payload?: ((request: Request) => unknown) | undefined;
  /** Options of the send, such as its `sourceId`: they win over what the headers say. */
  readonly send?: ((request: Request) => SendOptions) | undefined;
  /** Which failures are sent. Default: all but those that the request itself is to blame for (status 4xx). */
  readonly when?: ((error: unknown, request: Request) => boolean) | undefined;
}

/** What the caller is told: he need not send it again. */
export interface Accepted {
  readonly status: string;
  readonly id?: string;
}

/**
 * Sends the message of a request that failed.
 *
 * @returns undefined where it was not to be sent, or is not kept: then the error is the answer
 */
export async function keepRequest<Request extends HttpRequest>(
  dlq: Pick<DlqClient, "send">,
  queue: string,
  error: unknown,
  request: Request,
  options: FailedRequestOptions<Request>,
): Promise<Accepted | undefined> {
  const { payload = bodyOf, send, when = isNotOfTheRequest } = options;
  if (!when(error, request)) return undefined;
  const message = payload(request);
  if (message === undefined) return undefined;
  const result = await dlq.send(queue, message, error, {
    ...optionsOf(request),
    ...send?.(request),
  });
  return isKept(result) ? acceptedFrom(result) : undefined;
}

function acceptedFrom(result: SendResult): Accepted {
  return "id" in result ? { status: result.status, id: result.id } : { status: result.status };
}

const bodyOf = ({ body }: HttpRequest): unknown => body;

/** Errors of frameworks say by their status whose fault they are. */
function isNotOfTheRequest(error: unknown): boolean {
  const status = peekInteger(error, "statusCode") ?? peekInteger(error, "status") ?? 500;
  return status < 400 || status >= 500;
}

function optionsOf(request: HttpRequest): SendOptions {
  const { method, url, originalUrl = url, headers } = request;
  const header = (name: string) => {
    const value = headers[name];
    return typeof value === "string" ? value : value?.[0];
  };
  const path = originalUrl.split("?", 1)[0] ?? "";
  const attributes = { "http.method": method, "http.path": shortPath(path) };
  return { attributes, ...headerOptions(header) };
}
