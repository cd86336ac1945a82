// `nabla inspect`, and `nabla predict` of pictures that are no digits: runs on folders of small pictures in colour, as a user has them.
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { encode } from "fast-png";
import { beforeAll, describe, expect, test } from "vitest";
import { nabla, type Outcome, temporaryFolder } from "./run.ts";

const folder = temporaryFolder();
const path = (...parts: string[]): string => join(folder, ...parts);
const SIDE = 12;

/** A dark picture with a bright bar of the class's colour, upright or lying. */
function picture(name: "red" | "blue", k: number, side = SIDE): Uint8Array {
  const data = new Uint8Array(3 * side * side);
  const at = 2 + (k % 5);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const along = Math.floor(((name === "red" ? x : y) * SIDE) / side);
      const bright = along === at || along === at + 1;
      const noise = (k * 31 + x * 7 + y * 13) % 40;
      const channel = name === "red" ? 0 : 2;
      for (let c = 0; c < 3; c++) data[3 * (y * side + x) + c] = noise + (bright && c === channel ? 200 : 0);
    }
  }
  return encode({ width: side, height: side, channels: 3, depth: 8, data });
}

beforeAll(() => {
  for (const part of ["train", "test"]) {
    for (const name of ["red", "blue"] as const) {
      mkdirSync(path("bars", part, name), { recursive: true });
      for (let k = 0; k < (part === "train" ? 20 : 8); k++) {
        writeFileSync(
          path("bars", part, name, `${String(k).padStart(2, "0")}.png`),
          picture(name, k + (part === "test" ? 3 : 0)),
        );
      }
    }
  }
  writeFileSync(path("large.png"), picture("red", 1, 60));
  writeFileSync(path("table.csv"), "a,b,class\n1,2,x\n2,1,y\n1,3,x\n3,1,y\n2,3,x\n3,2,y\n1,4,x\n4,1,y\n2,4,x\n4,2,y\n");
  const options = ["--dataset", "bars", "--batch", "4", "--epochs", "5"];
  const layers = ["--layers", "conv 4 3x3, pool 2, dense 8"];
  const run = nabla(folder, ["train", ...options, ...layers, "--keep", "4", "--out", "run"]);
  expect(run.status, run.stderr).toBe(0);
});

const inspect = (...words: string[]): Outcome => nabla(folder, ["inspect", ...words]);

interface Figures {
  network: string;
  filters?: { layer: string; count: number; channels: number; height: number; width: number; epochs: number[] };
  picture?: { name: string; label: number | null; answer: number; probability: number };
  mistakes?: { count: number; of: number; worst: unknown[] };
  attack?: { epsilons: number[]; attacked: number; fast: number[]; iterated: number[]; noise: number[] };
  units?: { layer: string; units: number; dead: number[]; active: number[] }[];
  page: string;
}

describe("predict", () => {
  test("reads pictures in colour and of any size as the run's network takes them, and says so", () => {
    const result = nabla(folder, ["predict", "run", "large.png", "bars/test/blue/00.png"]);
    expect(result.status, result.stderr).toBe(0);
    expect(result.stdout).toMatch(/^large\.png: red {2}\(\d+\.\d%.*\)\nbars\/test\/blue\/00\.png: blue {2}\(/);
    expect(result.stderr).toBe(
      "pictures are brought to 12 x 12 pixels (width x height) in colour, as the network takes them\n",
    );
  });

  test("names classes in its JSON", () => {
    const { fit, predictions } = nabla(folder, ["predict", "run", "large.png", "--json"]).json() as {
      fit: string;
      predictions: Record<string, unknown>[];
    };
    // Classes are sorted: blue 0, red 1.
    expect(fit).toBe("resize");
    expect(predictions[0]).toMatchObject({ class: 1, name: "red", digit: null });
    expect(predictions[0]["probabilities"]).toHaveLength(2);
  });

  test("refuses to fit digits for a network of other pictures, and a network of a table", () => {
    const digit = nabla(folder, ["predict", "run", "large.png", "--fit", "digit"]);
    expect(digit.status).toBe(1);
    expect(digit.stderr).toContain(
      "--fit digit makes pictures of 1 x 28 x 28, and the run's network takes 3 x 12 x 12",
    );
    const table = nabla(folder, [
      "train",
      "--dataset",
      "table.csv",
      "--epochs",
      "1",
      "--hidden",
      "none",
      "--out",
      "table",
    ]);
    expect(table.status, table.stderr).toBe(0);
    const refused = nabla(folder, ["predict", "table", "large.png"]);
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain("takes inputs of shape (2), not pictures of 784 numbers: it learns from a table");
    expect(inspect("table").stderr).toContain("it learns from a table");
  });
});

describe("inspect", () => {
  test("writes a page with everything, and the figures as JSON", () => {
    const result = inspect("run", "--json");
    expect(result.status, result.stderr).toBe(0);
    const figures = result.json() as unknown as Figures;
    expect(figures.filters).toEqual({
      layer: "1.conv2d",
      count: 4,
      channels: 3,
      height: 3,
      width: 3,
      epochs: [2, 3, 4, 5],
    });
    expect(figures.picture).toMatchObject({ name: "test picture 0", label: 0, answer: 0 });
    expect(figures.mistakes).toEqual({ count: 0, of: 16, worst: [] });
    const { epsilons, attacked, fast, noise } = figures.attack!;
    expect([epsilons[0], attacked, fast[0], noise[0]]).toEqual([0, 16, 0, 0]);
    expect(fast.at(-1)).toBeGreaterThan(noise.at(-1)!);
    expect(figures.units?.map(({ layer }) => layer)).toEqual(["1.conv2d", "2.maxPooling2d", "4.dense", "5.dense"]);
    const page = readFileSync(figures.page, "utf8");
    for (const heading of [
      "What it looks for",
      "What the answer hangs on",
      "What its layers see",
      "Where it errs",
      "How it is misled",
      "Weights, gradients, units",
    ]) {
      expect(page).toContain(`<h2>${heading}</h2>`);
    }
    for (const words of [
      "epoch 2",
      "Grad-CAM",
      "None of the 16 test pictures is answered wrong",
      "random noise of equal norm",
    ]) {
      expect(page).toContain(words);
    }
    expect(page.replaceAll("http://www.w3.org/2000/svg", "")).not.toMatch(/https?:|src="(?!data:)|<link/);
  });

  test("shows the parts that are asked for, in sentences, where it is told to", () => {
    const result = inspect("run", "saliency", "maps", "--index", "9", "--layer", "1.conv2d", "--out", "there");
    expect(result.status, result.stderr).toBe(0);
    expect(result.stdout).toMatch(/^test picture 9: red \(\d+\.\d%\), as its label says\npage: there\/index\.html\n$/);
    const page = readFileSync(path("there", "index.html"), "utf8");
    expect(page).toContain("1.conv2d: 4 maps of 10 by 10");
    expect(page).not.toContain("2.maxPooling2d");
    expect(page).not.toContain("What it looks for");
  });

  test("looks at a picture of one's own without the data set; other parts say what they lack", () => {
    renameSync(path("bars"), path("moved"));
    try {
      const own = inspect("run", "filters", "saliency", "maps", "--image", "large.png", "--json");
      expect(own.status, own.stderr).toBe(0);
      expect((own.json() as unknown as Figures).picture).toMatchObject({ name: "large.png", label: null, answer: 1 });
      const lacking = inspect("run", "mistakes", "--image", "large.png");
      expect(lacking.status).toBe(1);
      expect(lacking.stderr).toContain("Without the run's data set leave out mistakes and name a picture with --image");
    } finally {
      renameSync(path("moved"), path("bars"));
    }
  });

  test("tells where the test pictures have changed", () => {
    writeFileSync(path("bars", "test", "red", "99.png"), picture("red", 2));
    const result = inspect("run", "mistakes");
    rmSync(path("bars", "test", "red", "99.png"));
    expect(result.status, result.stderr).toBe(0);
    expect(result.stdout).toContain("the test images and test labels of ");
    expect(result.stdout).toContain("have changed since the run began");
  });

  test("by default a run keeps three checkpoints, and one that has only one shows no epochs", () => {
    const words = ["train", "--dataset", "bars", "--batch", "4", "--hidden", "6", "--epochs"];
    expect(nabla(folder, [...words, "4", "--out", "four"]).status).toBe(0);
    const dense = inspect("four", "filters", "--json").json() as unknown as Figures;
    expect(dense.filters).toEqual({
      layer: "0.dense",
      count: 6,
      channels: 3,
      height: 12,
      width: 12,
      epochs: [2, 3, 4],
    });
    expect(existsSync(path("four", "inspect", "index.html"))).toBe(true);
  });

  test.each<[string, string[], number, RegExp]>([
    [
      "a part that there is not",
      ["run", "filter"],
      2,
      /there is no part filter\. Did you mean filters\? The parts are filters, saliency/,
    ],
    [
      "a picture beyond the last",
      ["run", "maps", "--index", "16"],
      1,
      /--index 16 is beyond the 16 test pictures, counted from 0/,
    ],
    [
      "a layer that there is not",
      ["run", "maps", "--layer", "conv"],
      1,
      /has no layer "conv"; it has 0\.reshape, 1\.conv2d/,
    ],
    [
      "a layer without filters",
      ["run", "filters", "--layer", "2.maxPooling2d"],
      1,
      /has no filters; those that have are 1\.conv2d/,
    ],
    ["two pictures", ["run", "--image", "large.png", "--index", "1"], 2, /--image and --index exclude each other/],
    ["a fit without a picture", ["run", "--fit", "resize"], 2, /--fit is for --image/],
    ["a picture that is not there", ["run", "maps", "--image", "none.png"], 1, /there is no picture none\.png/],
    ["a folder for a picture", ["run", "maps", "--image", "bars"], 1, /bars is a folder; give a picture file/],
    [
      "what is no picture",
      ["run", "maps", "--image", "table.csv"],
      1,
      /table\.csv: not a PNG, JPEG, GIF or WebP picture/,
    ],
    ["no run", ["bars"], 1, /bars is not the folder of a run/],
    [
      "a file where the page's folder should be",
      ["run", "filters", "--out", "large.png"],
      1,
      /cannot write to the output folder large\.png/,
    ],
    ["one sample only", ["run", "units", "--samples", "1"], 2, /It must be a whole number from 2 on/],
  ])("says what is wrong: %s", (_, words, status, message) => {
    const result = inspect(...words);
    expect(result.stderr).toMatch(message);
    expect(result.status).toBe(status);
    expect(result.stdout).toBe("");
  });

  test("explains itself", () => {
    const help = inspect("--help");
    expect(help.status).toBe(0);
    for (const word of [
      "filters",
      "saliency",
      "maps",
      "mistakes",
      "attack",
      "units",
      "--image",
      "--index",
      "--layer",
    ]) {
      expect(help.stdout).toContain(word);
    }
  });
});
