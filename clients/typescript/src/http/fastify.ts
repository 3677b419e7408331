// `dlq-client/fastify`

import type { DlqClient } from "../client.ts";
import { log } from "../log.ts";
import {
  type FailedRequestOptions,
  type HttpRequest,
  keepRequest,
  requireFailedRequestOptions,
} from "./failed-request.ts";

export type { FailedRequestOptions, HttpRequest } from "./failed-request.ts";

/** The part of Fastify's reply that is used. */
export interface FastifyReply {
  code(status: number): unknown;
}

/**
 * Creates options of a route: `app.post("/orders", deadLetterErrors(dlq, "orders"), handler)`. Their error
 * handler sends the body of a failed request to `queue` and answers 202. Errors of requests that are wrong
 * themselves (status 4xx), or whose message could not be stored, are thrown to the parent error handler.
 */
export function deadLetterErrors<Request extends HttpRequest = HttpRequest>(
  dlq: Pick<DlqClient, "send">,
  queue: string,
  options: FailedRequestOptions<Request> = {},
) {
  requireFailedRequestOptions(queue, options);
  async function errorHandler(
    error: unknown,
    request: Request,
    reply: FastifyReply,
  ): Promise<unknown> {
    const accepted = await keepRequest(dlq, queue, error, request, options).catch((optionError) => {
      log("send of a failed request failed: an option of deadLetterErrors threw:", optionError);
      return undefined;
    });
    if (accepted === undefined) throw error;
    reply.code(202);
    return accepted;
  }
  return { errorHandler };
}
