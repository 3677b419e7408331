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
        advice: "sends and deliveries go on; events wait up to nats_backlog_max and about a day",
      },
    ];
  }
  const where = nats.stream === "" ? "" : `stream ${nats.stream} of `;
  const what = `${where}NATS at ${nats.servers.join(", ")} takes events`;
  return [{ level: "ok", check: "nats", what, advice: "" }];
}
