// Runs in the studio: seen as they go on, compared, stopped, gone on with and deleted; and what the interface refuses.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { StudioRuns } from "../../cli/studio/runs.ts";
import { drawDigits } from "../../src/data/digits.ts";
import { writeIdx } from "../../src/data/idx.ts";
import { nabla, startNabla, temporaryFolder } from "../cli/run.ts";
import { executable, useStudio, whyNot } from "./studio.ts";

const folder = temporaryFolder();
const main = new URL("../../dist/cli/main.js", import.meta.url).pathname;
const quick = ["train", "--dataset", "data", "--hidden", "4", "--batch", "20"];
const at = (name: string): string => join(folder, name);

beforeAll(() => {
  const set = drawDigits(200, 1);
  mkdirSync(at("data"));
  for (const part of ["train", "t10k"]) {
    writeFileSync(
      at(`data/${part}-images-idx3-ubyte`),
      writeIdx({ type: "uint8", shape: [200, 28, 28], data: set.images }),
    );
    writeFileSync(at(`data/${part}-labels-idx1-ubyte`), writeIdx({ type: "uint8", shape: [200], data: set.labels }));
  }
  expect(nabla(folder, [...quick, "--epochs", "3", "--out", "first"]).status).toBe(0);
  expect(nabla(folder, [...quick, "--epochs", "5", "--lr", "0.01", "--out", "second"]).status).toBe(0);
  expect(nabla(folder, [...quick, "--epochs", "2", "--profile", "--out", "third"]).status).toBe(0);
  writeFileSync(at("text.txt"), "the cat sat on the mat, and the dog sat on the cat. ".repeat(40));
  const small = ["--hidden", "6", "--batch", "4", "--steps", "10", "--epochs", "2"];
  const wrote = nabla(folder, ["text", "train", "text.txt", ...small, "--out", "text"]);
  expect(wrote.status, wrote.stderr).toBe(0);
  // A program of one's own, which waits to be told to end.
  writeFileSync(
    at("program.mjs"),
    `import { Dense, digits, fit, report, Sequential, toSamples } from ${JSON.stringify(new URL("../../dist/node.js", import.meta.url).href)};
    const { train, test } = digits({ train: 60, test: 30 });
    const model = new Sequential([new Dense(10, { activation: "softmax" })], { inputShape: [784], seed: 1 });
    const callbacks = [report({ folder: process.argv[2], settings: { note: process.argv[2] } })];
    const epochs = Number(process.argv[3]);
    const history = await fit(model, toSamples(train), { epochs, validation: toSamples(test), metrics: ["f1"], callbacks });
    console.log(history.ended);`,
  );
  expect(spawnSync(process.execPath, ["program.mjs", "own", "3"], { cwd: folder, encoding: "utf8" }).stdout).toBe(
    "finished\n",
  );
});

describe("the interface", () => {
  test("a folder that holds no run is refused at the start, by name", () => {
    expect(() => new StudioRuns([at("nowhere")], main)).toThrow("there is no folder");
    expect(() => new StudioRuns([at("data")], main)).toThrow("has no config.json");
  });

  test("an experiment of the books that was written to a folder stands with the runs; its folder goes only where nothing else is in it", async () => {
    const run = ["book", "run", "nndl/1.3-sigmoid", "--out", "gates"];
    expect(nabla(folder, run).stderr).toBe("");
    const runs = new StudioRuns([at("gates")], main);
    const [{ key }] = runs.stamps();
    expect(await runs.state(key)).toMatchObject({
      config: { experiment: "nndl/1.3-sigmoid", form: "quick", verdict: "reproduced" },
      status: "finished",
      records: [],
      report: true,
      resumable: false,
    });
    expect(runs.report(key)).toContain("<svg");
    await expect(runs.resume(key)).rejects.toThrow("has come to its end");

    writeFileSync(at("gates/thoughts.md"), "mine");
    await expect(runs.delete(key)).rejects.toThrow("holds thoughts.md, which is not of the run");
    expect(existsSync(at("gates/config.json"))).toBe(true);
    rmSync(at("gates/thoughts.md"));
    await runs.delete(key);
    expect(existsSync(at("gates"))).toBe(false);
  });

  test("an experiment is not written over the run of another command", () => {
    const refused = nabla(folder, ["book", "run", "nndl/1.3-sigmoid", "--out", "third"]);
    expect(refused.status).not.toBe(0);
    expect(refused.stderr).toContain("third holds a run, or a config.json, already; choose another folder with --out");
    expect(existsSync(at("third/report.html"))).toBe(true);
  });

  test("a run of a program is stopped by a file, saves what it has, and is nobody's to go on with", async () => {
    const child = spawn(process.execPath, ["program.mjs", "endless", "1000000"], { cwd: folder });
    let said = "";
    child.stdout.on("data", (chunk: Buffer) => {
      said += chunk.toString();
    });
    await expect.poll(() => existsSync(at("endless/config.json"))).toBe(true);
    const runs = new StudioRuns([at("endless")], main);
    const [key] = [...runs.folders().keys()];
    await expect.poll(async () => (await runs.state(key))!.records.length).toBeGreaterThan(2);
    expect(await runs.state(key)).toMatchObject({ status: "running", resumable: false, report: false });
    const ended = once(child, "exit");
    await runs.stop(key);
    await ended;
    expect(said).toBe("stopped\n");
    expect((await runs.state(key))?.status).toBe("interrupted");
    await expect(runs.resume(key)).rejects.toThrow("start that again");
    await runs.delete(key);
    expect(existsSync(at("endless"))).toBe(false);
  });

  test("what is inside a run, and where its time went", async () => {
    const runs = new StudioRuns([at("third"), at("first")], main);
    const [third, first] = [...runs.folders().keys()];
    const { looks, profile } = (await runs.state(third))!;
    expect(looks.at(-1)).toBe(2);
    expect(profile).toBe(true);
    expect(runs.look(third, 2)!).toMatchObject({ epoch: 2 });
    expect(runs.look(third, 77)).toBeUndefined();
    const operations = runs.profile(third)!;
    const times = operations.map(({ milliseconds }) => milliseconds);
    expect(times).toEqual([...times].sort((a, b) => b - a));
    expect(operations.map(({ operation }) => operation)).toContain("matmul");
    expect(runs.profile(first)).toBeUndefined();
  });

  test("a run is found by its key alone; epochs come from where the page stands", async () => {
    const runs = new StudioRuns([at("first")], main);
    const [key] = [...runs.folders().keys()];
    expect(key).toMatch(/^[0-9a-f]{16}$/);
    const state = await runs.state(key);
    expect(state?.status).toBe("finished");
    expect(state?.records.map(({ epoch }) => epoch)).toEqual([1, 2, 3]);
    expect((await runs.state(key, 2))?.records.map(({ epoch }) => epoch)).toEqual([3]);
    // The history is shorter than the page thinks: all of it again.
    expect((await runs.state(key, 9))?.from).toBe(0);
    expect(await runs.state("0000000000000000")).toBeUndefined();
    expect(await runs.state("../first")).toBeUndefined();
    await expect(runs.delete("../first")).rejects.toThrow("There is no such run");
    await expect(runs.stop(key)).rejects.toThrow("The run is not going on");
    await expect(runs.resume(key)).rejects.toThrow("The run has come to its end");
  });

  test("a link in a run's folder that leads out of it is not followed", async () => {
    const runs = new StudioRuns([at("second")], main);
    const [key] = [...runs.folders().keys()];
    expect(runs.report(key)).toContain("<svg");
    writeFileSync(at("secret.html"), "secret");
    writeFileSync(at("secret.json"), '{"traceEvents":[]}');
    rmSync(at("second/report.html"));
    symlinkSync(at("secret.html"), at("second/report.html"));
    symlinkSync(at("secret.json"), at("second/profile.json"));
    symlinkSync(at("secret.json"), at("second/looks/epoch-00099.json"));
    expect(runs.report(key)).toBeUndefined();
    expect(runs.profile(key)).toBeUndefined();
    expect(runs.look(key, 99)).toBeUndefined();
    // A run's own folder may be a link.
    symlinkSync(at("first"), at("elsewhere"));
    const linked = new StudioRuns([at("elsewhere")], main);
    expect(linked.report([...linked.folders().keys()][0])).toContain("<svg");
    for (const file of ["report.html", "profile.json", "looks/epoch-00099.json"]) rmSync(at(`second/${file}`));
  });

  test("a run that can't go on: what its command said is passed on", async () => {
    const [program, stopped] = [at("refuses.mjs"), at("stopped")];
    cpSync(at("second"), stopped, { recursive: true });
    const history = readFileSync(join(stopped, "history.jsonl"), "utf8").trim().split("\n");
    writeFileSync(join(stopped, "history.jsonl"), `${history.slice(0, 2).join("\n")}\n`);
    rmSync(join(stopped, "history.json"), { force: true });
    writeFileSync(program, 'process.stderr.write("reading\\ndata: no such folder\\n"); process.exit(1);');
    const runs = new StudioRuns([stopped], program);
    const [key] = [...runs.folders().keys()];
    await expect(runs.resume(key)).rejects.toThrow("The run could not go on: data: no such folder");
  });

  test("a look or a profile that is damaged is said to be, by name", async () => {
    cpSync(at("third"), at("broken"), { recursive: true });
    const runs = new StudioRuns([at("broken")], main);
    const [key] = [...runs.folders().keys()];
    writeFileSync(at("broken/profile.json"), "{");
    expect(() => runs.profile(key)).toThrow(/profile\.json is damaged: it ends too early/);
    writeFileSync(at("broken/profile.json"), "{}");
    expect(() => runs.profile(key)).toThrow(/profile\.json is damaged: it holds no list/);
    writeFileSync(at("broken/looks/epoch-00002.json"), "[");
    expect(() => runs.look(key, 2)).toThrow(/epoch-00002\.json is damaged/);
  });

  test("a run whose files can't be read is a problem of that run: the others are told of", async () => {
    cpSync(at("second"), at("odd"), { recursive: true });
    const runs = new StudioRuns([at("odd")], main);
    const [key] = [...runs.folders().keys()];
    // No file, and no lack of one.
    rmSync(at("odd/looks"), { recursive: true, force: true });
    writeFileSync(at("odd/looks"), "");
    expect((await runs.state(key))?.problem).toContain("a part of the path is a file, not a folder");
    expect(runs.stamps()).toHaveLength(1);
  });

  test("a damaged history is a problem of its run, not of the studio", async () => {
    const runs = new StudioRuns([at("third")], main);
    const [key] = [...runs.folders().keys()];
    writeFileSync(at("third/history.jsonl"), "nonsense\n");
    const state = await runs.state(key);
    expect(state?.problem).toContain("history.jsonl, line 1");
  });
});

test("a process that is killed is noticed, though it leaves its files as they are", async () => {
  const { child, ended } = startNabla(folder, [...quick, "--epochs", "100000", "--out", "killed"]);
  await new Promise<void>((resolve) => {
    child.stdout?.on("data", (chunk: Buffer) => {
      if (chunk.toString().includes("epoch")) resolve();
    });
  });
  const runs = new StudioRuns([at("killed")], main);
  const [key] = [...runs.folders().keys()];
  expect((await runs.state(key))?.status).toBe("running");
  child.kill("SIGKILL");
  await ended;
  expect((await runs.state(key))?.status).toBe("killed");
});

describe.skipIf(executable === undefined)(`the page of runs${whyNot}`, () => {
  beforeAll(async () => {
    // It has to be there before the studio is started.
    const going = startNabla(folder, [...quick, "--epochs", "100000", "--out", "going"]);
    await new Promise<void>((resolve) => {
      going.child.stdout?.on("data", (chunk: Buffer) => {
        if (chunk.toString().includes("epoch")) resolve();
      });
    });
  });

  const names = ["first", "second", "going", "own", "text"];
  const studio = useStudio(() => new StudioRuns(names.map(at), main));

  test("live curves, settings that differ, stop, go on, delete", async () => {
    const probe = await studio.open(`/runs?token=${studio.studio.token}`);
    const { page } = probe;
    // The token is not in the address any more, nor in a link that is copied.
    expect(page.url()).not.toContain("token");
    const run = (name: string) => page.locator(`[data-run="${at(name)}"]`);
    await run("going").waitFor();
    expect(await run("first").getAttribute("data-epochs")).toBe("3");
    expect(await run("going").getAttribute("data-status")).toBe("running");
    const epochs = async () => Number(await run("going").getAttribute("data-epochs"));
    const before = await epochs();
    await expect.poll(epochs).toBeGreaterThan(before);

    // The program's settings are others.
    await page.locator(`[data-run="${at("own")}"] input`).uncheck();
    const table = page.locator("table");
    await table.getByText("lr", { exact: true }).waitFor();
    expect(await table.getByText("seed", { exact: true }).count()).toBe(0);

    await probe.press(`stop ${at("going")}`);
    await probe.press("no");
    await probe.press(`stop ${at("going")}`);
    await probe.press("yes");
    await expect.poll(() => run("going").getAttribute("data-status")).toBe("interrupted");
    await probe.press(`resume ${at("going")}`);
    await probe.press("yes");
    await expect.poll(() => run("going").getAttribute("data-status")).toBe("running");
    const stood = await epochs();
    await expect.poll(epochs).toBeGreaterThan(stood);
    await probe.press(`stop ${at("going")}`);
    await probe.press("yes");
    await expect.poll(() => run("going").getAttribute("data-status")).toBe("interrupted");
    await probe.press(`delete ${at("going")}`);
    await probe.press("yes");
    await expect.poll(() => run("going").count()).toBe(0);
    expect(existsSync(at("going"))).toBe(false);
  });

  test("a report is shown; smoothing, axes and hidden runs stand in the address", async () => {
    const probe = await studio.open(`/runs?token=${studio.studio.token}`);
    const { page } = probe;
    await probe.press(`report ${at("first")}`);
    await page.frameLocator("iframe").getByRole("heading").first().waitFor();
    const { report } = Object.fromEntries(await probe.query());
    expect(report).toMatch(/^[0-9a-f]{16}$/);
    const other = await studio.open(`/runs?report=${report}&token=${studio.studio.token}`);
    await other.page.frameLocator("iframe").getByRole("heading").first().waitFor();
    await probe.set("smooth", 0.6);
    await probe.choose("metric", "loss");
    await page.locator(`[data-run="${at("second")}"] input`).uncheck();
    const query = await probe.query();
    expect(query.get("metric")).toBe("loss");
    expect(query.get("smooth")).toBe("0.6");
    expect(query.get("hidden")).toMatch(/^[0-9a-f]{16}$/);
    expect(await probe.barriers()).toEqual([]);
  });

  test("both axes are logarithmic where it is asked for, over epochs and over time", async () => {
    const probe = await studio.open(`/runs?metric=loss&token=${studio.studio.token}`);
    const { page } = probe;
    for (const name of ["second", "own", "text"]) await page.locator(`[data-run="${at(name)}"] input`).uncheck();
    const line = page.locator("figure svg path.line").first();
    /** Where the three epochs stand, as shares of the way from the first to the last. */
    const middle = async () => {
      const numbers = [...(await line.getAttribute("d"))!.matchAll(/[ML]([\d.]+) /g)].map(([, x]) => Number(x));
      return (numbers[1] - numbers[0]) / (numbers[2] - numbers[0]);
    };
    await expect.poll(middle).toBeCloseTo(1 / 2, 2);
    await probe.press("logx");
    await expect.poll(middle).toBeCloseTo(Math.log(2) / Math.log(3), 2);
    await probe.choose("over", "time");
    const runs = new StudioRuns([at("first")], main);
    const { records } = (await runs.state([...runs.folders().keys()][0]))!;
    const seconds = records.map((record) => (record as unknown as { seconds: number }).seconds);
    const [a, b, c] = seconds.map((_, i) => Math.log(seconds.slice(0, i + 1).reduce((sum, each) => sum + each)));
    await expect.poll(middle).toBeCloseTo((b - a) / (c - a), 2);
    await probe.press("log");
    const query = await probe.query();
    expect([query.get("logx"), query.get("log"), query.get("over")]).toEqual(["1", "1", "time"]);
  });

  test("a run of nabla text train has perplexities, settings of its own, and is seen inside", async () => {
    const probe = await studio.open(`/runs?token=${studio.studio.token}`);
    const { page } = probe;
    const run = page.locator(`[data-run="${at("text")}"]`);
    await run.waitFor();
    expect(await run.getAttribute("data-status")).toBe("finished");
    await probe.choose("metric", "validationPerplexity");
    await expect.poll(() => page.locator("figure svg path.line").count()).toBeGreaterThan(0);
    for (const name of ["first", "second", "own"]) await page.locator(`[data-run="${at(name)}"] input`).uncheck();
    await page.locator("table").getByText("embedding", { exact: true }).waitFor();
    const inside = page.locator("[data-view]");
    await expect.poll(() => inside.getAttribute("data-epoch")).toBe("2");
    const own = new StudioRuns([at("text")], main);
    const look = own.look([...own.folders().keys()][0], 2)!;
    const [first] = look.weights;
    expect(Number(await page.locator(`[data-spread="${first.name}"]`).getAttribute("data-deviation"))).toBe(
      first.deviation,
    );
    // It reads no pictures and tells no classes.
    expect(look.filters).toBeUndefined();
    expect(look.confusion).toBeUndefined();
  });

  test("what is seen inside is saved as a figure, and a run as a program", async () => {
    const runs = new StudioRuns([at("own")], main);
    const [key] = [...runs.folders().keys()];
    const probe = await studio.open(`/runs?inside=${key}&view=confusion&token=${studio.studio.token}`);
    const { page } = probe;
    await probe.until("right", (right) => right >= 0);
    const save = async (name: RegExp) => {
      const button = page.getByRole("button", { name });
      const [download] = await Promise.all([page.waitForEvent("download"), button.click()]);
      return { name: download.suggestedFilename(), text: readFileSync(await download.path(), "utf8") };
    };
    const look = runs.look(key, 3)!;
    const { text: table } = await save(/^Save as SVG: Confusions/);
    const numbers = [...table.matchAll(/<text[^>]*>(\d+)<\/text>/g)].map(([, number]) => Number(number));
    for (const count of look.confusion!.flat()) expect(numbers).toContain(count);
    await probe.choose("view", "mistakes");
    await expect.poll(() => page.locator("[data-view] canvas").count()).toBeGreaterThan(0);
    expect((await save(/^Save as SVG: Mistakes/)).text).toContain("data:image/png;base64,");
    const program = await save(/^TypeScript: first$/);
    expect(program.name).toBe("first.ts");
    expect(program.text).toContain("import { configureEngine");
    // Somebody's own program is there already.
    expect(await probe.control(`program ${at("own")}`).count()).toBe(0);
  });

  test("a run from the inside: weights, gradients, filters, confusions, mistakes, by epoch", async () => {
    const runs = new StudioRuns([at("own")], main);
    const [key] = [...runs.folders().keys()];
    const look = runs.look(key, 3)!;
    const probe = await studio.open(`/runs?token=${studio.studio.token}`);
    const { page } = probe;
    await page.locator("[data-view]").waitFor();
    await probe.choose("inside run", key);
    const inside = page.locator("[data-view]");
    await expect.poll(() => inside.getAttribute("data-epoch")).toBe("3");
    const spread = (name: string) => page.locator(`[data-spread="${name}"]`);
    expect(Number(await spread("0.dense.weights").getAttribute("data-deviation"))).toBe(look.weights[0].deviation);
    await probe.choose("view", "gradients");
    await expect
      .poll(async () => Number(await spread("0.dense.bias").getAttribute("data-mean")))
      .toBe(look.gradients[1].mean);
    await probe.choose("view", "filters");
    await expect.poll(() => inside.getByRole("img").count()).toBe(10);
    await probe.choose("view", "confusion");
    const right = look.confusion!.reduce((sum, row, i) => sum + row[i], 0) / 30;
    await expect.poll(() => probe.number("right")).toBeCloseTo(right, 12);
    await page.setViewportSize({ width: 360, height: 800 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
    await page.setViewportSize({ width: 1280, height: 900 });
    await probe.choose("view", "mistakes");
    await expect.poll(() => inside.getByRole("img").count()).toBe(look.mistakes!.all.length);
    // The slider is of epochs, and goes from one that was looked at to the next.
    const field = page.locator('[data-control="look"] input[type="text"]');
    expect(await field.inputValue()).toBe("3");
    await page.locator('[data-control="look"] input[type="range"]').press("ArrowLeft");
    const { looks } = (await runs.state(key))!;
    await expect.poll(() => field.inputValue()).toBe(String(looks.at(-2)));
    await expect.poll(() => inside.getAttribute("data-epoch")).toBe(String(looks.at(-2)));
    // It stands in the address; figures of one's own can be chosen.
    await probe.choose("metric", "metrics.f1");
    const query = await probe.query();
    expect([query.get("view"), query.get("inside"), query.get("metric")]).toEqual(["mistakes", key, "metrics.f1"]);
    expect(await probe.barriers()).toEqual([]);
  });

  test("a page that nobody sees gives its connection back, and is told of everything again", async () => {
    const { page } = await studio.open(`/runs?token=${studio.studio.token}`);
    const first = page.locator(`[data-run="${at("first")}"]`);
    await first.waitFor();
    const show = (state: "hidden" | "visible") =>
      page.evaluate((to) => {
        Object.defineProperty(document, "visibilityState", { configurable: true, get: () => to });
        document.dispatchEvent(new Event("visibilitychange"));
      }, state);
    const ended = page.waitForEvent("requestfailed", (request) => request.url().endsWith("/api/events"));
    await show("hidden");
    await ended;
    renameSync(at("first"), at("away"));
    const asked = page.waitForRequest(/\/api\/events$/);
    await show("visible");
    await asked;
    await expect.poll(() => first.count()).toBe(0);
    renameSync(at("away"), at("first"));
    await first.waitFor();
  });

  test("without the token the page says what to do", async () => {
    const probe = await studio.open("/runs");
    await probe.page.getByText("does not have the token").waitFor();
    // The browser reports the refusal, too.
    probe.forget(/401/);
  });
});

describe.skipIf(executable === undefined)(`the page of runs without a run${whyNot}`, () => {
  const studio = useStudio(() => {
    mkdirSync(at("passing"));
    cpSync(at("first/config.json"), at("passing/config.json"));
    const runs = new StudioRuns([at("passing")], main);
    rmSync(at("passing"), { recursive: true });
    return runs;
  });

  test("says that there are none yet, and shows the first that comes", async () => {
    const { page } = await studio.open(`/runs?token=${studio.studio.token}`);
    await page.getByText("There are no runs yet").waitFor();
    cpSync(at("first"), at("passing"), { recursive: true });
    await page.locator(`[data-run="${at("passing")}"]`).waitFor();
  });
});
