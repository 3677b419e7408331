import assert from "node:assert";
import { execFile, spawn } from "node:child_process";
import { createDecipheriv } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";
import { promisify } from "node:util";
import { gunzipSync } from "node:zlib";
import axios from "axios";
import { request } from "undici";
import * as yup from "yup";
import { z } from "zod";
import { draw, port } from "./peers.js";

const Parcel = z
  .object({ id: z.uuid(), state: z.enum(["sent", "lost"]), weight: z.number().max(30).optional() })
  .strict();
const parcel = (changes) => Parcel.parse({ id: draw.uuid, state: "sent", ...changes });

async function track(at) {
  const answer = await axios.get(`http://track.internal:${at}/parcels/${draw.order}`, {
    maxRedirects: 0,
  });
  return answer.data;
}

async function label(at) {
  const { statusCode, body } = await request(`http://labels.internal:${at}/labels/${draw.uuid}`, {
    headersTimeout: draw.wait_s * 1000,
  });
  if (statusCode !== 200)
    throw new Error(
      `label of parcel ${draw.order} (${draw.email}): unexpected answer ${statusCode}`,
    );
  return body.json();
}

async function print(at) {
  const socket = connect(at, "127.0.0.1");
  await once(socket, "connect");
}

async function run(command, ...args) {
  await once(spawn(command, args), "spawn");
}

const exit = (code) => promisify(execFile)("sh", ["-c", `exit ${code}`]);

function weigh(parcels) {
  return parcels.map((one) => one.weigh());
}

function first([one]) {
  return one;
}

function stamp(text) {
  return new Date(text).toISOString();
}

function format(zone) {
  return new Intl.DateTimeFormat("en", { timeZone: zone }).format(0);
}

const text = (value) => JSON.stringify(value);
const circle = { id: draw.order };
circle.self = circle;

class Carrier {
  #limit = 3;

  pack() {
    throw new Error(`parcel ${draw.token} weighs ${-draw.amount} kg, limit is ${this.#limit}`);
  }

  static route() {
    throw new Error(`no route from ${draw.ip} to warehouse ${draw.customer}`);
  }
}

export const CASES = {
  "parcel-id": () => parcel({ id: draw.token }),
  "parcel-state": () => parcel({ state: draw.status }),
  "parcel-weight": () => parcel({ weight: 30 + draw.order }),
  "parcel-unknown": () => parcel({ to: draw.name }),
  "track-500": () => track(port("500")),
  "track-401": () => track(port("401")),
  "track-refused": () => track(port("CLOSED")),
  "label-404": () => label(port("404")),
  "label-503": () => label(port("503")),
  "label-timeout": () => label(port("HANG")),
  "label-broken": () => label(port("BROKEN")),
  "print-refused": () => print(port("CLOSED")),
  "run-missing": () => run(`/opt/labels/print`),
  "exit-1": () => exit(1),
  "exit-3": () => exit(3),
  "weigh-type": () => weigh([{ id: draw.order }]),
  "weigh-null": () => weigh([null]),
  "first-number": () => first(draw.order),
  stamp: () => stamp(`x${draw.bad_date}`),
  "time-zone": () => format(`Europe/X${draw.hash}`),
  circle: () => text(circle),
  bigint: () => text({ id: BigInt(draw.order) }),
  gunzip: () => gunzipSync(Buffer.from(draw.name)),
  decipher: () =>
    createDecipheriv("aes-256-cbc", draw.uuid.slice(0, 20 + (draw.index % 3)), Buffer.alloc(16)),
  "assert-equal": () => assert.strictEqual(draw.order, -1),
  "yup-number": () =>
    yup.object({ weight: yup.number().required() }).validateSync({ weight: draw.word }),
  "yup-required": () =>
    yup.object({ weight: yup.number().required() }).validateSync({ id: draw.order }),
  pack: () => new Carrier().pack(),
  route: () => Carrier.route(),
};
