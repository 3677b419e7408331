// `dlq-client/express`

import type { DlqClient } from "../client.ts";
import { say } from "../say.ts";
import { type FailedRequestOptions, type HttpRequest, keepRequest } from "./failed-request.ts";

export type { FailedRequestOptions, HttpRequest } from "./failed-request.ts";

/** What is used of Express's response. */
export interface ExpressResponse {
  readonly headersSent: boolean;
  status(code: number): { json(body: unknown): unknown };
}

/**
 * Error middleware: sends the body of a request whose handler failed, and answers 202, since it is
 * kept. What can't be kept, or is the request's own fault, goes on to the next error handler. It goes
 * after the routes.
 */
export function deadLetterErrors<Request extends HttpRequest = HttpRequest>(
  dlq: Pick<DlqClient, "send">,
  queue: string,
  options: FailedRequestOptions<Request> = {},
) {
  // Express knows error middleware by its four parameters.
  return async function deadLetterError(
    error: unknown,
    request: Request,
    response: ExpressResponse,
    next: (error?: unknown) => void,
  ): Promise<void> {
    try {
      const accepted = await keepRequest(dlq, queue, error, request, options);
      if (accepted === undefined || response.headersSent) next(error);
      else response.status(202).json(accepted);
    } catch (optionError) {
      say("a request could not be sent, its options threw:", optionError);
      next(error);
    }
  };
}
