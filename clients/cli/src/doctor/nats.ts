import type {
  GetServerInfoResponse,
  NatsInfo,
} from "../../../../gen/dlq/v1/dlq_admin_service_pb.ts";
import { bytesText, countedText } from "../output/numbers.ts";
import { instant } from "../output/times.ts";
import { type Finding, warningOf } from "./finding.ts";

/**
 * Whether NATS takes the events of the server that answers, what the stream may lose, and what NATS missed. None, if it publishes no
 * events.
 */
export function natsFindings({ nats }: GetServerInfoResponse): Finding[] {
  if (nats === undefined) return [];
  const isTaken = nats.error === "" ? isPublished(nats) : isNotPublished(nats);
  return [isTaken, ...nats.warnings.map((text) => warningOf("nats", text)), ...missedChanges(nats)];
}

function isPublished({ servers, stream }: NatsInfo): Finding {
  const where = stream === "" ? "" : `stream ${stream} of `;
  const what = `${where}NATS at ${servers.join(", ")} takes events`;
  return { level: "ok", check: "nats", what, advice: "" };
}

function isNotPublished(nats: NatsInfo): Finding {
  const { error, backlogBytes, backlogLimitBytes, oldestWaitingTime } = nats;
  const waiting =
    oldestWaitingTime === undefined
      ? ""
      : `; ${bytesText(backlogBytes)} of state changes wait, the oldest since ${instant(oldestWaitingTime)}`;
  const [cause = "", ...advice] = error.split("; ");
  const kept =
    backlogLimitBytes === 0n
      ? "Redis is nearly full: only what outboxes keep anyway waits"
      : `events wait, up to ${bytesText(backlogLimitBytes)} and about a day`;
  return {
    level: "warning",
    check: "nats",
    what: `events are not published: ${cause}${waiting}`,
    advice: [...advice, "sends and deliveries go on meanwhile", kept].join("; "),
  };
}

function missedChanges({ missedChangeCount, lastMissedTime }: NatsInfo): Finding[] {
  if (missedChangeCount === 0n) return [];
  const removed =
    missedChangeCount === 1n ? "was removed before it was" : "were removed before they were";
  const last = lastMissedTime === undefined ? "" : `, the last ones at ${instant(lastMissedTime)}`;
  return [
    {
      level: "warning",
      check: "nats",
      what: `${countedText(missedChangeCount, "state change")} ${removed} published${last}`,
      advice:
        "let consumers read again what they derived from events; raise nats_backlog_max for longer outages",
    },
  ];
}
