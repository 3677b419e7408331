import { readFileSync } from "node:fs";

export const port = (name) => Number(process.env[`PORT_${name}`]);
export const draw = JSON.parse(readFileSync("draws.json", "utf8"))[process.env.DRAW];
