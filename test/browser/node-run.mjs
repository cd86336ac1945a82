// Runs the program in whatever Node executes this file, deterministically, and prints the result as JSON.
import { webcrypto } from "node:crypto";

globalThis.crypto ??= webcrypto;
const nabla = await import(new URL("../../dist/node.js", import.meta.url).href);
const { trainAndHash } = await import("./program.js");
nabla.configureEngine({ deterministic: true });
console.log(JSON.stringify(await trainAndHash(nabla)));
