import { readFile } from "node:fs/promises";
import { type DescMessage, fromJsonString, type MessageShape } from "@bufbuild/protobuf";
import { usageError } from "../errors.ts";
import type { Run } from "../run.ts";
import { readAll } from "./stdin.ts";

/**
 * Reads a message of the contract from a JSON file; `-` is stdin.
 *
 * @throws {CliError} if the file cannot be read, or has another content
 */
export async function readMessage<Desc extends DescMessage>(
  run: Run,
  schema: Desc,
  file: string,
): Promise<MessageShape<Desc>> {
  return parseMessage(schema, await readText(run, file), file);
}

/** Reads a file as text; `-` is stdin. @throws {CliError} if it cannot be read */
export async function readText(run: Run, file: string): Promise<string> {
  return file === "-" ? Buffer.from(await readAll(run)).toString() : textOf(file);
}

/** @param source names the text in errors. @throws {CliError} if it is no JSON of this message */
export function parseMessage<Desc extends DescMessage>(
  schema: Desc,
  text: string,
  source: string,
): MessageShape<Desc> {
  try {
    return fromJsonString(schema, text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw usageError(`${source} is no ${schema.name} in JSON: ${why}`);
  }
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw usageError(`cannot read the file: ${error instanceof Error ? error.message : error}`);
  }
}
