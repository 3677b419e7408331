// Brokers, mail, sockets, search: name -> [library, expected reason, how to cause it].

import { Client as Elasticsearch } from "@elastic/elasticsearch";
import amqp from "amqplib";
import { connect as connectNats } from "nats";
import { createTransport } from "nodemailer";
import { WebSocket } from "ws";
import { PORTS, url } from "../ports.mjs";

const HOST = "127.0.0.1";

const byAmqp = (peer) => amqp.connect({ hostname: HOST, port: PORTS[peer] }, { timeout: 300 });

const byNats = (peer) =>
  connectNats({ servers: `${HOST}:${PORTS[peer]}`, timeout: 300, reconnect: false });

const byMail = (peer, timeouts = 300) =>
  createTransport({
    ...{ host: HOST, port: PORTS[peer], connectionTimeout: timeouts },
    ...{ greetingTimeout: timeouts, socketTimeout: timeouts },
  }).sendMail({ from: "a@example.com", to: "b@example.com", text: "x" });

const byWebSocket = (where, options = {}) =>
  new Promise((resolve, reject) => {
    const socket = new WebSocket(where, options);
    socket.on("error", reject);
    socket.on("open", resolve);
  });

const byElastic = (where) =>
  new Elasticsearch({ node: where, maxRetries: 0, requestTimeout: 300 }).search({ index: "shop" });

export const messaging = {
  "amqplib: refused": ["amqplib", "NETWORK_ERROR", () => byAmqp("closed")],
  "amqplib: hung up": ["amqplib", "NETWORK_ERROR", () => byAmqp("hangsUp")],
  "amqplib: no answer": ["amqplib", "TIMEOUT", () => byAmqp("silent")],
  "nats: refused": ["nats", "NETWORK_ERROR", () => byNats("closed")],
  "nats: no answer": ["nats", "TIMEOUT", () => byNats("silent")],
  "nodemailer: refused": ["nodemailer", "NETWORK_ERROR", () => byMail("closed")],
  "nodemailer: no greeting": ["nodemailer", "TIMEOUT", () => byMail("silent")],
  "nodemailer: another protocol": ["nodemailer", "NETWORK_ERROR", () => byMail("foreign")],
  "ws: refused": ["ws", "NETWORK_ERROR", () => byWebSocket(`ws://${HOST}:${PORTS.closed}`)],
  "ws: 401": ["ws", "AUTHENTICATION_ERROR", () => byWebSocket(url("http", "/status/401"))],
  "ws: 503": ["ws", "WEBHOOK_FAILED", () => byWebSocket(url("http", "/status/503"))],
  "ws: hung up": ["ws", "NETWORK_ERROR", () => byWebSocket(url("http", "/close"))],
  "ws: no handshake in time": [
    "ws",
    "TIMEOUT",
    () => byWebSocket(url("http", "/hang"), { handshakeTimeout: 50 }),
  ],
  "ws: not a URL": ["ws", "VALIDATION_FAILED", () => byWebSocket("shop")],
  "elasticsearch: refused": [
    "@elastic/elasticsearch",
    "NETWORK_ERROR",
    () => byElastic(url("closed")),
  ],
  "elasticsearch: no answer": [
    "@elastic/elasticsearch",
    "TIMEOUT",
    () => byElastic(url("http", "/hang")),
  ],
  "elasticsearch: 429": [
    "@elastic/elasticsearch",
    "RESOURCE_EXHAUSTED",
    () => byElastic(url("http", "/status/429")),
  ],
  "elasticsearch: 403": [
    "@elastic/elasticsearch",
    "AUTHENTICATION_ERROR",
    () => byElastic(url("http", "/status/403")),
  ],
};
