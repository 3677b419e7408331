// Servers of MQTT, NATS and SMTP that refuse what contains `fail_CODE`.

import { createServer } from "node:net";
import { listen } from "./tcp.mjs";

/** Sends the greeting, and calls `answer` with what each packet contains. */
export const serve = (greeting, answer) =>
  listen(
    createServer((socket) => {
      socket.on("error", () => {});
      if (greeting !== "") socket.write(greeting);
      const state = {};
      socket.on("data", (data) => answer(socket, data.toString("latin1"), state));
    }),
  );

const failure = (text) => /fail_(\w+?)(?=\W|$)/.exec(text)?.[1];

/** Refuses a client whose name or password contains `fail_5` with return code 5. */
export const mqtt = () =>
  serve("", (socket, text) => {
    if (text.charCodeAt(0) !== 0x10) return;
    const code = Number(/fail_(\d+)/.exec(text)?.[1] ?? 0);
    const isVersion5 = text.charCodeAt(text.indexOf("MQTT") + 4) === 5;
    socket.write(Buffer.from(isVersion5 ? [0x20, 3, 0, code, 0] : [0x20, 2, 0, code]));
    if (code > 0) socket.end();
  });

const NATS_ERRORS = {
  expired: "User Authentication Expired",
  full: "maximum connections exceeded",
  login: "Authorization Violation",
  payload: "Maximum Payload Violation",
};
const INFO = JSON.stringify({
  ...{ server_id: "N", server_name: "n", version: "2.10.0", proto: 1, host: "127.0.0.1" },
  ...{ port: 4222, headers: true, max_payload: 1024, auth_required: false },
});

/** Refuses a user or token `fail_login`. Nobody answers a request, except that `orders.slow` hangs. */
export const nats = () =>
  serve(`INFO ${INFO}\r\n`, (socket, text, state) => {
    const code = failure(text);
    if (code in NATS_ERRORS) {
      socket.end(`-ERR '${NATS_ERRORS[code]}'\r\n`);
      return;
    }
    for (const line of text.split("\r\n")) {
      const [verb, subject, ...rest] = line.split(" ");
      if (verb === "PING") socket.write("PONG\r\n");
      if (verb === "SUB") state.id = rest.at(-1);
      if (/^H?PUB$/.test(verb) && subject !== "orders.slow" && rest.length > 1) {
        socket.write(`HMSG ${rest[0]} ${state.id} 16 16\r\nNATS/1.0 503\r\n\r\n\r\n`);
      }
    }
  });

const SMTP_ERRORS = {
  421: "4.3.2 Service not available, closing transmission channel",
  452: "4.2.2 Mailbox full, insufficient system storage",
  535: "5.7.8 Authentication credentials invalid",
  550: "5.1.1 The email account that you tried to reach does not exist",
};

/** Answers a command that contains `fail_550` with that code, and AUTH with 535. */
export const smtp = () =>
  serve("220 mail.example.com ESMTP\r\n", (socket, text) => {
    const code = text.startsWith("AUTH") ? 535 : failure(text);
    if (code in SMTP_ERRORS) socket.write(`${code} ${SMTP_ERRORS[code]}\r\n`);
    else if (text.startsWith("EHLO"))
      socket.write("250-mail.example.com\r\n250 AUTH PLAIN LOGIN\r\n");
    else if (text.startsWith("DATA")) socket.write("354 go ahead\r\n");
    else if (text.startsWith("QUIT")) socket.end("221 bye\r\n");
    else socket.write("250 ok\r\n");
  });
