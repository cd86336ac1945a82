// `nabla text`: training on a file, writing, and what happens to runs that are killed, changed or asked for what can't be.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { nabla, type Outcome, startNabla, temporaryFolder } from "./run.ts";

const folder = temporaryFolder();
const text = (...names: string[]): string => readFileSync(join(folder, ...names), "utf8");
const bytes = (...names: string[]): Buffer => readFileSync(join(folder, ...names));

const small = ["--hidden", "12", "--layers", "2", "--embedding", "6", "--batch", "8", "--steps", "10", "--lr", "0.02"];
const words = ["text", "train", "shells.txt", ...small, "--epochs", "4", "--sample", "30", "--checkpoint", "3"];

function train(out: string, ...more: string[]): Outcome {
  return nabla(folder, [...words, "--out", out, ...more]);
}

/** History without what depends on the clock. */
function history(run: string): unknown[] {
  return text(run, "history.jsonl")
    .trimEnd()
    .split("\n")
    .map((line) => {
      const { seconds: _, samplesPerSecond: __, ...rest } = JSON.parse(line) as Record<string, unknown>;
      return rest;
    });
}

let whole: Outcome;

beforeAll(() => {
  writeFileSync(join(folder, "shells.txt"), "she sells sea shells\r\nby the sea shore.\r\n".repeat(60));
  whole = train("whole", "--json");
});

describe("training", () => {
  test("a folder with everything, and figures as JSON", () => {
    expect(whole.status).toBe(0);
    expect(whole.json()).toMatchObject({
      ...{ status: "finished", epochs: 4, network: "LSTM 2 x 12", seed: 1 },
      ...{ characters: 60 * 38 + 60, symbols: 13 },
    });
    const { validationPerplexity, bestValidationPerplexity } = whole.json() as Record<string, number>;
    expect(validationPerplexity).toBeGreaterThan(1);
    expect(validationPerplexity).toBeLessThan(9);
    expect(bestValidationPerplexity).toBeLessThanOrEqual(validationPerplexity);
    const lines = history("whole") as Record<string, unknown>[];
    expect(lines.length).toBe(5);
    expect(lines[4]).toEqual({ status: "finished" });
    const { perplexity, loss, sample, epoch } = lines[3] as Record<string, number> & { sample: string };
    expect(perplexity).toBe(Math.exp(loss));
    expect([epoch, sample.length]).toEqual([4, 30]);
    const report = text("whole", "report.html");
    expect(report).toContain("Perplexity per character");
    expect(report).toContain("text train");
    expect(readdirSync(join(folder, "whole/checkpoints"))).toHaveLength(3);
  });

  test("killed with SIGKILL at ten random moments and resumed, a run ends with the same bytes, and writes the same, as one left alone", async () => {
    const call = ["text", "train", "shells.txt", ...small, "--epochs", "12", "--sample", "30", "--checkpoint", "3"];
    /** Starts or goes on; `begun` says when it trains. */
    const start = (out: string) => {
      const fresh = !existsSync(join(folder, out, "config.json"));
      const { child, ended } = startNabla(folder, fresh ? [...call, "--out", out] : ["text", "train", "--resume", out]);
      const begun = new Promise<number>((resolve) => {
        child.stdout!.on("data", (chunk: Buffer) => {
          if (chunk.includes("training LSTM")) resolve(performance.now());
        });
      });
      return { child, ended, begun };
    };
    const alone = start("alone");
    const begin = await alone.begun;
    expect((await alone.ended).status).toBe(0);
    const span = performance.now() - begin;
    const same = (): void => {
      expect(bytes("killed/model.safetensors").equals(bytes("alone/model.safetensors"))).toBe(true);
      expect(history("killed")).toEqual(history("alone"));
      expect(readdirSync(join(folder, "killed/checkpoints")).sort()).toEqual(
        readdirSync(join(folder, "alone/checkpoints")).sort(),
      );
    };
    let [kills, resumed] = [0, 0];
    while (kills < 10) {
      const { child, ended, begun } = start("killed");
      // The first two before it trains or just as it begins.
      const moment = kills < 2 ? 300 * Math.random() * (kills + 1) : undefined;
      const over = ended.then((outcome) => {
        if (outcome.stdout.includes("resuming killed after")) resumed++;
        return true;
      });
      const wait = (ms: number) => new Promise<false>((resolve) => setTimeout(() => resolve(false), ms));
      const ofItself = await Promise.race([
        over,
        moment === undefined ? begun.then(() => wait(0.7 * span * Math.random())) : wait(moment),
      ]);
      if (ofItself) {
        same();
        rmSync(join(folder, "killed"), { recursive: true });
        continue;
      }
      child.kill("SIGKILL");
      await over;
      kills++;
    }
    const { ended } = start("killed");
    expect((await ended).status).toBe(0);
    same();
    // Else all was done again from the beginning, and nothing is tried.
    expect(resumed).toBeGreaterThan(0);
    const written = (out: string) =>
      nabla(folder, ["text", "sample", out, "--prompt", "she", "--length", "60", "--seed", "3"]).stdout;
    expect(written("killed")).toBe(written("alone"));
  });

  test("interrupted within an epoch it says how to go on, and goes on to the same bytes", async () => {
    const { child, ended } = startNabla(folder, [...words, "--out", "interrupted"]);
    child.stdout!.once("data", () => child.kill("SIGINT"));
    const outcome = await ended;
    if (outcome.status === 130) expect(outcome.stdout).toContain("text train --resume interrupted");
    const resumed = nabla(folder, ["text", "train", "--resume", "interrupted"]);
    expect(resumed.status).toBe(0);
    expect(bytes("interrupted/model.safetensors").equals(bytes("whole/model.safetensors"))).toBe(true);
  });

  test("finished, it has nothing to do; longer, it goes on", () => {
    cpSync(join(folder, "whole"), join(folder, "longer"), { recursive: true });
    expect(nabla(folder, ["text", "train", "--resume", "longer"]).stdout).toContain("Nothing to do");
    const more = nabla(folder, ["text", "train", "--resume", "longer", "--epochs", "5", "--json"]);
    expect(more.json()).toMatchObject({ epochs: 5, status: "finished" });
    expect(nabla(folder, ["text", "train", "--resume", "longer", "--epochs", "2"]).stderr).toContain(
      "--epochs 2 is less than the run's 5",
    );
  });

  test("poems as JSON; GRU and RNN", () => {
    mkdirSync(join(folder, "poems"), { recursive: true });
    const poem = { title: "登鸛雀樓", paragraphs: ["白日依山盡，黃河入海流。", "欲窮千里目，更上一層樓。"] };
    writeFileSync(join(folder, "poems/tang.json"), JSON.stringify({ content: [{ content: Array(9).fill(poem) }] }));
    const tiny = ["--hidden", "8", "--layers", "1", "--epochs", "1", "--batch", "4", "--steps", "6", "--split", "0"];
    for (const cell of ["gru", "rnn"]) {
      const outcome = nabla(folder, [
        "text",
        "train",
        "poems/tang.json",
        ...tiny,
        "--cell",
        cell,
        "--out",
        cell,
        "--json",
      ]);
      // 24 signs and a line break a poem, an empty line between poems.
      expect(outcome.json()).toMatchObject({ characters: 9 * 25 + 8 * 2, symbols: 23, validationPerplexity: null });
    }
    const written = nabla(folder, ["text", "sample", "gru", "--prompt", "白日", "--length", "9"]).stdout;
    expect([...written]).toHaveLength(12);
    expect(written.startsWith("白日")).toBe(true);
  });
});

describe("a learning rate that is too high", () => {
  const learn = (out: string, lr: string) => train(out, "--lr", lr, "--epochs", "2");

  test("a loss that has exploded is remarked on, with a rate to try, in the report too; its figures are numbers, and the run goes on", () => {
    const result = learn("exploded", "1e6");
    expect(result.status, result.stderr).toBe(0);
    expect(result.stdout).toMatch(
      /The loss has exploded: it is [\d.e+]+ after epoch 2, where guessing has 2\.56\. The learning rate 1000000 is too large; try --lr 0\.001/,
    );
    expect(text("exploded", "report.html")).toContain("The loss has exploded");
    expect(text("exploded", "history.jsonl")).not.toContain("null");
    expect(nabla(folder, ["text", "train", "--resume", "exploded", "--epochs", "3"]).status).toBe(0);
  });

  test("one that is not finite ends the run, and what is to be tried is a number that people use", () => {
    const result = learn("infinite", "1e38");
    expect(result.status).toBe(1);
    expect(result.stderr).toMatch(
      /^error: the loss became (NaN|Infinity) in epoch 1, step \d+;.* The learning rate 1e\+38 is too large: try --lr 0\.001\. No epoch/,
    );
    expect(text("infinite", "history.jsonl")).toBe('{"status":"failed"}\n');
  });

  test("a run that has learnt nothing says so", () => {
    expect(learn("nothing", "1e-9").stdout).toMatch(
      /has learnt nothing: its perplexity .* that of guessing among 13 symbols is 13\. Try another learning rate \(it is 1e-9\)/,
    );
    expect(whole.stderr + whole.stdout).not.toMatch(/exploded|learnt nothing/);
  });
});

describe("writing", () => {
  const sample = (...more: string[]): Outcome => nabla(folder, ["text", "sample", "whole", ...more]);

  test("goes on with the prompt; equal seeds, equal texts", () => {
    const one = sample("--prompt", "she ", "--length", "20");
    expect(one.stdout).toHaveLength(4 + 20 + 1);
    expect(one.stdout.startsWith("she ")).toBe(true);
    expect(sample("--prompt", "she ", "--length", "20").stdout).toBe(one.stdout);
    const other = sample("--prompt", "she ", "--length", "20", "--seed", "2", "--temperature", "2").stdout;
    expect(other).not.toBe(one.stdout);
    const bold = ["--temperature", "0", "--length", "20"];
    // More than there are is all of them.
    const long = ["--length", "40"];
    expect(sample(...long, "--top-k", "99").stdout).toBe(sample(...long).stdout);
    expect(sample(...long, "--top-p", "1").stdout).toBe(sample(...long).stdout);
    expect(sample(...bold, "--seed", "1").stdout).toBe(sample("--top-k", "1", "--length", "20", "--seed", "9").stdout);
    expect(sample("--prompt", "shore.\\n", "--length", "0").stdout).toBe("shore.\n\n");
  });

  test("the likeliest by beams, as JSON with its log P", () => {
    const search = (beams: string) =>
      sample("--prompt", "sea ", "--beams", beams, "--length", "8", "--json").json() as Record<string, number>;
    const [one, four] = [search("1"), search("4")];
    expect(four["logProbability"]).toBeGreaterThanOrEqual(one["logProbability"]);
    expect(String(four["text"])).toHaveLength(8);
  });

  test("an unfinished run writes with its newest checkpoint", () => {
    cpSync(join(folder, "whole"), join(folder, "unfinished"), {
      recursive: true,
      filter: (name) => !name.endsWith("model.safetensors"),
    });
    const outcome = nabla(folder, ["text", "sample", "unfinished", "--length", "5"]);
    expect(outcome.status).toBe(0);
    expect(outcome.stderr).toContain("unfinished is not finished: using");
  });
});

test("the guide's commands run as they are printed, in both languages", () => {
  const commands = (language: string): string[] => {
    const page = readFileSync(new URL(`../../docs/${language}/guide/sequences.md`, import.meta.url), "utf8");
    return [...page.matchAll(/^npx nabla (text .*)$/gm)].map(([, words]) => words);
  };
  const printed = commands("en");
  expect(printed.length).toBe(4);
  expect(commands("zh")).toEqual(printed);
  const here = join(folder, "guide");
  mkdirSync(here);
  writeFileSync(join(here, "shells.txt"), "she sells sea shells by the sea shore. ".repeat(50));
  const outputs = printed.map((line) => {
    const words = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain);
    const { status, stdout, stderr } = nabla(here, words);
    expect(status, stderr).toBe(0);
    return stdout;
  });
  expect(outputs[1]).toHaveLength(4 + 60 + 1);
  expect(outputs[2]).toHaveLength(4 + 12 + 1);
  expect(outputs[3]).toContain("epoch 8/8");
});

describe("what is refused", () => {
  test.each<[string, string[], number, RegExp]>([
    ["no file", ["text", "train"], 2, /text train needs a file, or --resume FOLDER/],
    ["a file that is not there", ["text", "train", "nowhere.txt"], 1, /nowhere\.txt/],
    ["an empty text", ["text", "train", "empty.txt"], 1, /empty\.txt is empty: there is nothing to learn from/],
    [
      "one character, again and again",
      ["text", "train", "one.txt", "--out", "one"],
      1,
      /one\.txt holds "a" and no other character: there is nothing to foresee\. Give a text of different characters/,
    ],
    ["a folder in a file's place", ["text", "train", "poems"], 1, /poems: is a folder, not a file/],
    ["UTF-16", ["text", "train", "utf16.txt"], 1, /utf16\.txt is no text in UTF-8; save it as UTF-8/],
    ["what is no text", ["text", "train", "binary.txt"], 1, /binary\.txt is no text in UTF-8/],
    [
      "a pointer of Git LFS",
      ["text", "train", "pointer.txt"],
      1,
      /pointer\.txt: a Git LFS pointer instead of the file/,
    ],
    ["JSON without poems", ["text", "train", "none.json"], 1, /none\.json holds no poems/],
    [
      "a text that is too short",
      ["text", "train", "short.txt"],
      1,
      /training part has 9 characters, .* too few for 32 streams/,
    ],
    [
      "a prompt of other characters",
      ["text", "sample", "whole", "--prompt", "she 明"],
      2,
      /--prompt: "明" is not among the 13/,
    ],
    [
      "a part to train on that is too short",
      ["text", "train", "shells.txt", "--split", "0.999"],
      1,
      /too few for 32 streams; give a longer text, or a smaller --batch or --split/,
    ],
    ["an empty prompt", ["text", "sample", "whole", "--prompt", ""], 2, /--prompt must hold at least one character/],
    ["an empty prompt of samples", ["text", "train", "shells.txt", "--prompt", ""], 2, /--prompt must hold at least/],
    [
      "a prompt of other characters, of samples",
      ["text", "train", "shells.txt", "--prompt", "Z"],
      2,
      /"Z" is not among/,
    ],
    ["no name", ["text", "sample", ""], 2, /It must name a folder/],
    ["no name of a run to go on with", ["text", "train", "--resume", ""], 2, /It must name a folder/],
    ["no characters to draw among", ["text", "sample", "whole", "--top-k", "0"], 2, /must be a whole number from 1 on/],
    ["p of 0", ["text", "sample", "whole", "--top-p", "0"], 2, /must be a number above 0/],
    ["no beams", ["text", "sample", "whole", "--beams", "0"], 2, /must be a whole number from 1 on/],
    ["a temperature below 0", ["text", "sample", "whole", "--temperature", "-1"], 2, /must be a number from 0 on/],
    ["p above 1", ["text", "sample", "whole", "--top-p", "2"], 2, /--top-p 2 is more than 1/],
    ["beams that draw", ["text", "sample", "whole", "--beams", "2", "--top-k", "3"], 2, /cannot be used with/],
    ["settings with --resume", ["text", "train", "--resume", "whole", "--hidden", "9"], 2, /leave out --hidden/],
    ["a folder that holds a run", [...words, "--out", "whole"], 2, /whole holds a run already/],
    ["a folder that is none", ["text", "sample", "poems"], 1, /is not the folder of a run/],
    [
      "a run of another kind",
      ["predict", "whole", "a.png"],
      1,
      /whole is a run of .* text train, and one of .* train is needed/,
    ],
  ])("%s", (_, call, status, message) => {
    writeFileSync(join(folder, "empty.txt"), " \n");
    writeFileSync(join(folder, "binary.txt"), Buffer.from([0xff, 0xfe, 0x80, 0x41]));
    mkdirSync(join(folder, "poems"), { recursive: true });
    writeFileSync(join(folder, "one.txt"), "a".repeat(3000));
    writeFileSync(join(folder, "utf16.txt"), Buffer.from("\ufeffshe sells\n".repeat(90), "utf16le"));
    writeFileSync(join(folder, "none.json"), '{"title": "x"}');
    writeFileSync(join(folder, "short.txt"), "only a few");
    writeFileSync(join(folder, "pointer.txt"), "version https://git-lfs.github.com/spec/v1\nsize 12345\n");
    const outcome = nabla(folder, call);
    expect(outcome.stderr).toMatch(message);
    expect(outcome.status).toBe(status);
    expect(outcome.stderr).not.toContain("Cannot read");
    // What was refused leaves no folder behind.
    expect(existsSync(join(folder, "runs")) || existsSync(join(folder, "one"))).toBe(false);
  });

  test("a text that has changed since, unless the right one is named", () => {
    cpSync(join(folder, "whole"), join(folder, "changed"), { recursive: true });
    writeFileSync(join(folder, "other.txt"), "she sells other shells\n".repeat(90));
    const outcome = nabla(folder, ["text", "train", "other.txt", "--resume", "changed", "--epochs", "9"]);
    expect(outcome.status).toBe(1);
    expect(outcome.stderr).toContain("is not the text that this run began with: it has changed");
  });

  test("a configuration that was damaged", () => {
    cpSync(join(folder, "whole"), join(folder, "damaged"), { recursive: true });
    const config = JSON.parse(text("damaged/config.json")) as Record<string, unknown>;
    writeFileSync(join(folder, "damaged/config.json"), JSON.stringify({ ...config, hidden: -3 }));
    expect(nabla(folder, ["text", "sample", "damaged"]).stderr).toContain("config.json is damaged: hidden is -3");
    const characters = `${[...(config["characters"] as string)].reverse().join("")}`;
    writeFileSync(join(folder, "damaged/config.json"), JSON.stringify({ ...config, characters }));
    expect(nabla(folder, ["text", "sample", "damaged"]).stderr).toContain("trained with another dictionary");
  });
});
