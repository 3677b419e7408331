// The parts of AMQP 0-9-1 that an error needs, like RabbitMQ. The user `fail_403` is refused. A method that contains
// `fail_404` ends its channel with that code; `fail_320` ends the connection; `fail_0` gets no answer.

import { createServer } from "node:net";
import { listen } from "./tcp.mjs";

const TEXTS = {
  320: "CONNECTION_FORCED - broker forced connection closure with reason 'shutdown'",
  403: "ACCESS_REFUSED - access to queue 'orders' in vhost '/' refused for user 'app'",
  404: "NOT_FOUND - no queue 'orders' in vhost '/'",
  login:
    "ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN. For details see the broker logfile.",
};

const short = (n) => Buffer.from([n >> 8, n & 255]);
const long = (n) => Buffer.concat([short(n >> 16), short(n & 0xffff)]);
const shortText = (text) => Buffer.concat([Buffer.from([text.length]), Buffer.from(text)]);
const longText = (text) => Buffer.concat([long(text.length), Buffer.from(text)]);

/** A table of flags. */
const flags = (...names) => {
  const fields = names.map((name) => Buffer.concat([shortText(name), Buffer.from("t\x01")]));
  const body = Buffer.concat(fields);
  return Buffer.concat([long(body.length), body]);
};
const CAPABILITIES = Buffer.concat([
  ...[shortText("capabilities"), Buffer.from("F")],
  flags("publisher_confirms", "authentication_failure_close"),
]);

function method(channel, kind, number, ...parts) {
  const body = Buffer.concat([short(kind), short(number), ...parts]);
  return Buffer.concat([
    Buffer.from([1]),
    short(channel),
    long(body.length),
    body,
    Buffer.of(0xce),
  ]);
}

const close = (channel, code, text) =>
  method(
    channel,
    channel === 0 ? 10 : 20,
    channel === 0 ? 50 : 40,
    ...[...[short(code), shortText(text), short(0), short(0)]],
  );

/** Answers to methods that succeed, by class and number. */
const ANSWERS = {
  10.11: () => method(0, 10, 30, short(2047), long(131_072), short(0)),
  "10.40": () => method(0, 10, 41, shortText("")),
  "10.50": () => method(0, 10, 51),
  "20.10": (channel) => method(channel, 20, 11, longText("")),
  "20.40": (channel) => method(channel, 20, 41),
  "85.10": (channel) => method(channel, 85, 11),
};

export function amqp() {
  return listen(
    createServer((socket) => {
      let buffered = Buffer.alloc(0);
      let greeted = false;
      socket.on("error", () => {});
      socket.on("data", (data) => {
        buffered = Buffer.concat([buffered, data]);
        if (!greeted && buffered.length >= 8) {
          greeted = true;
          buffered = buffered.subarray(8);
          const start = [
            Buffer.from([0, 9]),
            longText(CAPABILITIES),
            longText("PLAIN"),
            longText("en_US"),
          ];
          socket.write(method(0, 10, 10, ...start));
        }
        while (greeted && buffered.length >= 8) {
          const end = buffered.readUInt32BE(3) + 8;
          if (buffered.length < end) return;
          const frame = buffered.subarray(0, end);
          buffered = buffered.subarray(end);
          if (frame[0] === 1) socket.write(answer(frame));
        }
      });
    }),
  );
}

function answer(frame) {
  const channel = frame.readUInt16BE(1);
  const kind = `${frame.readUInt16BE(7)}.${frame.readUInt16BE(9)}`;
  const code = Number(/fail_(\d+)/.exec(frame.toString("latin1"))?.[1] ?? -1);
  if (code === 0) return "";
  if (code > 0 && channel === 0) return close(0, code, TEXTS.login);
  if (code > 0) return close(code === 320 ? 0 : channel, code, TEXTS[code]);
  return ANSWERS[kind]?.(channel) ?? "";
}
