// Messages tell what to type: it has to work from where one stands.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { commandName } from "./command-name.ts";

const home = mkdtempSync(join(tmpdir(), "nabla-name-"));
const [project, elsewhere, checkout] = ["project", "elsewhere", "checkout"].map((name) => join(home, name));
const program = join(project, "node_modules/nabla/dist/cli/main.js");
beforeAll(() => {
  mkdirSync(join(project, "src"), { recursive: true });
  mkdirSync(join(project, "node_modules/.bin"), { recursive: true });
  writeFileSync(join(project, "node_modules/.bin/nabla"), "");
  mkdirSync(elsewhere);
  mkdirSync(join(checkout, "runs"), { recursive: true });
  writeFileSync(join(checkout, "package.json"), '{ "name": "nabla" }');
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

const name = (of: string, folder: string, environment: Record<string, string> = {}): string =>
  commandName({ program: of, folder, environment });

test("npx nabla in a project that has it, below it, under npm, and in the checkout", () => {
  expect(name(program, project)).toBe("npx nabla");
  expect(name(join(project, "node_modules/.bin/nabla"), join(project, "src"))).toBe("npx nabla");
  expect(name(program, elsewhere, { npm_execpath: "npm" })).toBe("npx nabla");
  expect(name(join(checkout, "dist/cli/main.js"), join(checkout, "runs"))).toBe("npx nabla");
});

test("nabla where that is on the path", () => {
  expect(name("/usr/local/bin/nabla", elsewhere, { PATH: "/usr/bin:/usr/local/bin" })).toBe("nabla");
  expect(name("/usr/local/bin/nabla", elsewhere, { PATH: "/usr/bin" })).toBe("node /usr/local/bin/nabla");
});

test("else the program's path, from here if it lies below", () => {
  expect(name(program, elsewhere)).toBe(`node ${program}`);
  expect(name(join(elsewhere, "nabla/main.js"), elsewhere)).toBe("node nabla/main.js");
});
