import type { DlqClient } from "../client.ts";
import { type OptionNames, requireKnown, requireQueue } from "../option-checks.ts";
import { safeInteger } from "../safe-read.ts";
import type { SendOptions } from "../send-options.ts";
import { isKept, type SendResult } from "../send-result.ts";
import { headerOptions, shortText } from "./headers.ts";
import { shownQuery } from "./shown-query.ts";

/** The fields of a request that all servers have. */
export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  /** The full URL; some frameworks cut the prefix of a router from `url`. */
  readonly originalUrl?: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The parsed body. */
  readonly body?: unknown;
}

/** Options of `deadLetterErrors`. */
export interface FailedRequestOptions<Request extends HttpRequest> {
  /** Returns the message. Default: the parsed body, unless it is empty or of a multipart request. */
  readonly payload?: ((request: Request) => unknown) | undefined;
  /** Options of the send, such as its `sourceId`. They override those from headers. */
  readonly send?: ((request: Request) => SendOptions) | undefined;
  /** Which failures are sent. Default: all except those with status 4xx. */
  readonly when?: ((error: unknown, request: Request) => boolean) | undefined;
  /** More names of query parameters whose values are hidden, besides those such as `token`. */
  readonly secretParameters?: readonly string[] | undefined;
}

/** The service's limit of a media type, in bytes. */
const MAX_CONTENT_TYPE = 256;

/** The body of a 202 answer. */
export interface Accepted {
  readonly status: string;
  readonly id?: string;
}

/**
 * Sends the message of a failed request.
 *
 * @returns undefined if it was not sent or could not be stored: then the error is the answer
 */
export async function keepRequest<Request extends HttpRequest>(
  dlq: Pick<DlqClient, "send">,
  queue: string,
  error: unknown,
  request: Request,
  options: FailedRequestOptions<Request>,
): Promise<Accepted | undefined> {
  const { payload = bodyOf, send, when = isNotRequestError, secretParameters } = options;
  // Functions of programs without types may be asynchronous.
  if (!(await when(error, request))) return undefined;
  const message = await payload(request);
  if (message === undefined) return undefined;
  const result = await dlq.send(queue, message, error, {
    ...optionsOf(request, secretParameters),
    ...(message === request.body ? contentTypeOf(request) : {}),
    ...(await send?.(request)),
  });
  return isKept(result) ? acceptedFrom(result) : undefined;
}

function acceptedFrom(result: SendResult): Accepted {
  return "id" in result ? { status: result.status, id: result.id } : { status: result.status };
}

/**
 * Undefined for a body that may not be the whole one. Express 4 sets `{}` if there is no body, or none that
 * its parsers read; parsers of uploads set only the fields beside the files.
 */
function bodyOf({ body, headers }: HttpRequest): unknown {
  if (/^multipart\//i.test(String(headers["content-type"] ?? ""))) return undefined;
  if (body === null || body === "") return undefined;
  const isEmpty =
    typeof body === "object" && !Array.isArray(body) && Object.keys(body).length === 0;
  return isEmpty ? undefined : body;
}

/** Returns the media type of a body that is not parsed, such as that of `express.raw`. */
function contentTypeOf({ body, headers }: HttpRequest): SendOptions {
  const contentType = String(headers["content-type"] ?? "");
  const isUnparsed = typeof body === "string" || body instanceof Uint8Array;
  const isValid = contentType !== "" && Buffer.byteLength(contentType) <= MAX_CONTENT_TYPE;
  return isUnparsed && isValid ? { contentType } : {};
}

/** @throws TypeError if `deadLetterErrors` is called in a wrong way */
export function requireFailedRequestOptions(queue: string, options: object): void {
  requireQueue(queue);
  requireKnown("deadLetterErrors", options, OPTIONS);
}

const OPTIONS: OptionNames<FailedRequestOptions<HttpRequest>> = {
  payload: true,
  send: true,
  when: true,
  secretParameters: true,
};

/** Frameworks give status 4xx to errors of a request. */
function isNotRequestError(error: unknown): boolean {
  const status = safeInteger(error, "statusCode") ?? safeInteger(error, "status") ?? 500;
  return status < 400 || status >= 500;
}

function optionsOf(request: HttpRequest, secrets: readonly string[] | undefined): SendOptions {
  const { method, url, originalUrl = url, headers } = request;
  const header = (name: string) => {
    const value = headers[name];
    return typeof value === "string" ? value : value?.[0];
  };
  // The target of a request to a proxy is a whole URL, which may have a password.
  const [path = "", ...rest] = originalUrl.replace(/^[a-z][\w+.-]*:\/\/[^/?]*\/?/i, "/").split("?");
  const query = shownQuery(rest.join("?"), secrets);
  const attributes = {
    ...{ "http.method": method, "http.path": shortText(path) },
    ...(query === "" ? {} : { "http.query": shortText(query) }),
  };
  return { attributes, ...headerOptions(header) };
}
