import type { GetServerInfoResponse } from "../../../../gen/dlq/v1/dlq_admin_service_pb.ts";
import type { Finding } from "./finding.ts";

/** Whether NATS takes the events of the server that answers. None, if it publishes no events. */
export function natsFindings({ nats }: GetServerInfoResponse): Finding[] {
  if (nats === undefined) return [];
  if (nats.error !== "") {
    return [
      {
        level: "warning",
        check: "nats",
        what: `events are not published: ${nats.error}`,
        advice:
          "check NATS and the nats_ settings of this server; until then events wait, up to nats_backlog_max and about a day, then the oldest are removed",
      },
    ];
  }
  const where = nats.stream === "" ? "" : `stream ${nats.stream} of `;
  const what = `${where}NATS at ${nats.servers.join(", ")} takes events`;
  return [{ level: "ok", check: "nats", what, advice: "" }];
}
