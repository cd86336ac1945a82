// The report of an exhausted memory names the line of the user's program, wherever the library lies: in the checkout, installed, beside hashed chunks.
import { expect, test } from "vitest";
import { callSite } from "./out-of-memory.ts";

test.each([
  [
    "an installed package, whose chunks have hashes with hyphens and underscores",
    `Error
    at makeStorage (file:///home/me/node_modules/nabla/dist/node-BXlb6SC_.js:120:9)
    at WasmEngine.allocate (file:///home/me/node_modules/nabla/dist/node-BXlb6SC_.js:300:12)
    at ones (file:///home/me/node_modules/nabla/dist/ops-a-b_c.js:20:3)
    at file:///home/me/train.mjs:7:11`,
    "file:///home/me/train.mjs:7:11",
  ],
  [
    "a program of one's own in a folder that is called dist, too",
    `Error
    at makeStorage (file:///home/me/node_modules/nabla/dist/node-B.js:120:9)
    at ones (file:///home/me/node_modules/nabla/dist/node.js:20:3)
    at work (file:///home/me/dist/main.js:7:11)`,
    "work (file:///home/me/dist/main.js:7:11)",
  ],
  [
    "a store that has a version in its path",
    `Error
    at makeStorage (/srv/.pnpm/nabla@0.1.0/node_modules/nabla/dist/node-B.js:120:9)
    at /srv/.pnpm/nabla@0.1.0/node_modules/nabla/dist/node.js:20:3
    at async run (/srv/app (copy)/main.js:7:11)`,
    "async run (/srv/app (copy)/main.js:7:11)",
  ],
  [
    "the checkout: a test beside the code is a user",
    `Error
    at makeStorage (/home/me/nabla/src/engine/storage.ts:120:9)
    at full (/home/me/nabla/src/tensor/create.ts:20:3)
    at Dense.call (/home/me/nabla/src/nn/layers/dense.ts:20:3)
    at /home/me/nabla/src/tensor/scope.test.ts:7:11`,
    "/home/me/nabla/src/tensor/scope.test.ts:7:11",
  ],
  [
    "Windows",
    `Error
    at makeStorage (file:///C:/me/node_modules/nabla/dist/node-B-_.js:120:9)
    at work (C:\\\\me\\\\main.js:7:11)`,
    "work (C:\\\\me\\\\main.js:7:11)",
  ],
  [
    "a browser that is not Chromium",
    `makeStorage@https://example.org/nabla/dist/index.js:120:9
ones@https://example.org/nabla/dist/index.js:20:3
work@https://example.org/main.js:7:11`,
    "work@https://example.org/main.js:7:11",
  ],
  [
    "a bundle of everything: all one can say is where it began",
    `Error
    at makeStorage (https://example.org/app.js:120:9)
    at main (https://example.org/app.js:7:11)`,
    "main (https://example.org/app.js:7:11)",
  ],
])("%s", (_, stack, line) => {
  expect(callSite(stack)).toBe(line);
});
