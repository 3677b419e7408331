// `dlq-client/fastify`

import type { DlqClient } from "../client.ts";
import { say } from "../say.ts";
import { type FailedRequestOptions, type HttpRequest, keepRequest } from "./failed-request.ts";

export type { FailedRequestOptions, HttpRequest } from "./failed-request.ts";

/** What is used of Fastify's reply. */
export interface FastifyReply {
  code(status: number): unknown;
}

/**
 * An error handler, for `setErrorHandler`: sends the body of a request whose handler failed, and
 * answers 202, since it is kept. What can't be kept, or is the request's own fault, is thrown on to
 * the error handler above it.
 */
export function deadLetterErrors<Request extends HttpRequest = HttpRequest>(
  dlq: Pick<DlqClient, "send">,
  queue: string,
  options: FailedRequestOptions<Request> = {},
) {
  return async function deadLetterError(
    error: unknown,
    request: Request,
    reply: FastifyReply,
  ): Promise<unknown> {
    const accepted = await keepRequest(dlq, queue, error, request, options).catch((optionError) => {
      say("a request could not be sent, its options threw:", optionError);
      return undefined;
    });
    if (accepted === undefined) throw error;
    reply.code(202);
    return accepted;
  };
}
