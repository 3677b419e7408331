#!/usr/bin/env node
import { runCommandLine } from "./command-line.ts";
import { processIo } from "./io.ts";

process.exitCode = await runCommandLine(processIo());
