import axios from "axios";
import got from "got";
import { fetch as undiciFetch } from "undici";
import { draw, port } from "./peers.js";

class ChargeFailed extends Error {}

async function charge(at, host = "bank.internal") {
  const url = `http://${host}:${at}/v1/charges/${draw.order}`;
  const answer = await axios.post(url, { total: 10 }, { timeout: draw.wait_s * 1000 });
  return answer.data.state;
}

async function refund(at) {
  const url = `http://bank.internal:${at}/v1/charges/${draw.order}/refunds?trace=${draw.uuid}`;
  await axios.post(url, {}, { timeout: draw.wait_s * 1000 });
}

class Mailer {
  constructor(at, host) {
    this.base = `http://${host}:${at}`;
  }

  async notify() {
    const signal = AbortSignal.timeout(draw.wait_s * 1000);
    const answer = await fetch(`${this.base}/users/${draw.uuid}/notices`, { signal });
    if (!answer.ok) throw new Error(`notice to ${draw.email} failed: HTTP ${answer.status}`);
    return answer.json();
  }

  async remind() {
    const answer = await undiciFetch(`${this.base}/users/${draw.uuid}/reminders`);
    return answer.json();
  }
}

const download = (at) =>
  got(`http://files.internal:${at}/${draw.file}`, {
    retry: { limit: 0 },
    timeout: { request: draw.wait_s * 1000 },
  });

async function settle(at) {
  try {
    await charge(at);
  } catch (error) {
    throw new ChargeFailed(`order ${draw.order} of ${draw.email} is not settled`, { cause: error });
  }
}

async function book(at) {
  try {
    await refund(at);
  } catch (error) {
    throw new ChargeFailed(`order ${draw.order} of ${draw.email} is not settled`, { cause: error });
  }
}

export const CASES = {
  "charge-500": () => charge(port("500")),
  "charge-503": () => charge(port("503")),
  "charge-404": () => charge(port("404")),
  "charge-timeout": () => charge(port("HANG")),
  "charge-timeout-ledger": () => charge(port("HANG"), "ledger.internal"),
  "charge-refused": () => charge(port("CLOSED")),
  "charge-cut": () => charge(port("CUT")),
  "refund-500": () => refund(port("500")),
  "refund-timeout": () => refund(port("HANG")),
  "notify-500": () => new Mailer(port("500"), "mail.internal").notify(),
  "notify-429": () => new Mailer(port("429"), "mail.internal").notify(),
  "notify-timeout": () => new Mailer(port("HANG"), "mail.internal").notify(),
  "notify-refused": () => new Mailer(port("CLOSED"), "mail.internal").notify(),
  "notify-broken-json": () => new Mailer(port("BROKEN"), "mail.internal").notify(),
  "notify-html": () => new Mailer(port("HTML"), "mail.internal").notify(),
  "remind-refused": () => new Mailer(port("CLOSED"), "mail.internal").remind(),
  "remind-cut": () => new Mailer(port("CUT"), "mail.internal").remind(),
  "download-404": () => download(port("404")),
  "download-503": () => download(port("503")),
  "download-timeout": () => download(port("HANG")),
  "settle-timeout": () => settle(port("HANG")),
  "book-timeout": () => book(port("HANG")),
};
