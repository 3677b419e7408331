import type { MessageAdmin, MessageDetails } from "../../src/app/messages/message-admin.ts";

/** A scripted MessageAdmin. */
export class ScriptedMessages implements MessageAdmin {
  details: MessageDetails | undefined;
  readonly asked: { queue: string; id: Uint8Array }[] = [];

  async get(queue: string, id: Uint8Array): Promise<MessageDetails> {
    this.asked.push({ queue, id });
    if (this.details === undefined) throw new Error("no message is scripted");
    return this.details;
  }
}
