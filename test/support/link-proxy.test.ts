import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { cut } from "./link.ts";
import { LinkProxy } from "./link-proxy.ts";

const WAIT = { timeout: 10_000, interval: 5 };

let received: string;
let sockets: Socket[];
let server: ReturnType<typeof createServer>;
let proxy: LinkProxy;
/** Answers each piece with itself, in capitals. */
beforeEach(async () => {
  received = "";
  sockets = [];
  server = createServer((socket) => {
    sockets.push(socket.on("error", () => {}));
    socket.on("data", (data) => {
      received += data.toString();
      socket.write(data.toString().toUpperCase());
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  proxy = await LinkProxy.open(() => [{ port: 1 }, { port }]); // nobody listens on port 1
});
afterEach(async () => {
  await proxy.close();
  for (const socket of sockets) socket.destroy();
  server.close();
});

/** A connection through the proxy, and what it has heard. */
async function client() {
  const socket = connect(proxy.port, "127.0.0.1");
  await once(socket, "connect");
  const heard = { text: "", isClosed: false, code: "" };
  socket.on("data", (data) => {
    heard.text += data.toString();
  });
  socket.on("error", (error: NodeJS.ErrnoException) => {
    heard.code = error.code ?? "";
  });
  socket.on("close", () => {
    heard.isClosed = true;
  });
  return { socket, heard };
}

const eventually = (holds: () => void) => vi.waitFor(holds, WAIT);

describe("a link", () => {
  it("carries both ways, past targets where nobody is", async () => {
    const { socket, heard } = await client();
    socket.write("a");
    await eventually(() => expect(heard.text).toBe("A"));
    socket.end();
    await eventually(() => expect(proxy.connections).toBe(0));
  });

  it("that is being dialled while the proxy closes ends with it", async () => {
    const { port } = server.address() as AddressInfo;
    let closed: Promise<void> | undefined;
    const closing = await LinkProxy.open(() => {
      closed ??= closing.close();
      return [{ port }];
    });
    const socket = connect(closing.port, "127.0.0.1").on("error", () => {});
    await new Promise((resolve) => socket.once("close", resolve));
    await closed;
  });

  it("that is parted holds what was sent, and delivers it when it heals", async () => {
    const { socket, heard } = await client();
    proxy.set({ stalled: true }, ["down"]);
    socket.write("a");
    await eventually(() => expect(received).toBe("a"));
    expect(heard.text).toBe("");
    proxy.clear();
    await eventually(() => expect(heard.text).toBe("A"));
  });

  it("that is half-open stays silent for good; new ones are fair", async () => {
    const first = await client();
    proxy.set({ blackhole: true }, ["up"]);
    first.socket.write("lost");
    await eventually(() => expect(proxy.lostBytes).toBe(4));
    proxy.clear();
    first.socket.write("more");
    const second = await client();
    second.socket.write("b");
    await eventually(() => expect(second.heard.text).toBe("B"));
    expect(received).toBe("b");
    expect(first.heard).toEqual({ text: "", isClosed: false, code: "" });
  });

  it("that is reset tells both ends", async () => {
    const { socket, heard } = await client();
    socket.write("a");
    await eventually(() => expect(heard.text).toBe("A"));
    proxy.reset();
    await eventually(() => expect(heard.code).toBe("ECONNRESET"));
    await eventually(() => expect(sockets[0]?.destroyed).toBe(true));
  });

  it("loses a reply after the server has done its part", async () => {
    const { socket, heard } = await client();
    proxy.cutReplies(1);
    socket.write("a");
    await eventually(() => expect(heard.isClosed).toBe(true));
    expect([received, heard.text, proxy.cut]).toEqual(["a", "", 1]);
    const second = await client();
    second.socket.write("b");
    await eventually(() => expect(second.heard.text).toBe("B"));
  });

  it("that is slow holds each piece so long", async () => {
    const { socket, heard } = await client();
    proxy.set({ latencyMs: 50 });
    const sentAtMs = performance.now();
    socket.write("a");
    await eventually(() => expect(heard.text).toBe("A"));
    expect(performance.now() - sentAtMs).toBeGreaterThanOrEqual(95); // timers may be early by some
  });
});

it("a socket that was just ended can be cut, too", async () => {
  const { socket, heard } = await client();
  socket.end();
  cut(socket);
  await eventually(() => expect(heard).toMatchObject({ isClosed: true, code: "" }));
});
