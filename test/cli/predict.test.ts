// `nabla predict` on digits drawn here, not taken from any data: different sizes, pens and colours, light on dark and dark on light, PNG and JPEG.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Resvg } from "@resvg/resvg-js";
import jpeg from "jpeg-js";
import { beforeAll, expect, test } from "vitest";
import { nabla, temporaryFolder } from "./run.ts";

const folder = temporaryFolder();

/** Each digit as a pen would draw it in a box of 100 by 100. */
const STROKES = [
  "M 52 14 C 28 14 24 40 26 58 C 28 80 40 88 52 86 C 72 82 76 56 72 36 C 68 20 60 14 50 15",
  "M 38 28 L 54 12 L 53 88",
  "M 28 32 C 30 12 68 8 70 30 C 71 48 44 62 28 86 L 74 85",
  "M 30 18 C 48 8 70 14 66 32 C 63 44 52 47 44 47 C 58 47 74 54 70 70 C 66 90 40 90 28 80",
  "M 40 12 C 36 30 30 44 26 56 L 76 54 M 60 30 C 60 50 58 70 56 90",
  "M 70 14 L 36 15 L 33 46 C 48 38 70 42 70 62 C 70 84 46 92 28 82",
  "M 62 12 C 42 22 30 46 30 66 C 30 86 50 90 60 82 C 72 72 68 54 54 54 C 42 54 34 62 31 70",
  "M 26 16 L 72 15 C 62 40 52 62 46 88",
  "M 66 22 C 54 8 34 16 36 32 C 38 48 68 54 68 72 C 68 90 34 92 33 72 C 32 56 62 48 66 34 C 68 28 68 24 66 22",
  "M 68 26 C 56 8 30 16 32 36 C 34 56 62 54 68 32 L 69 26 C 68 50 66 70 62 88",
];

/** width, height, ink, paper, pen width, turned by degrees. */
const LOOKS: [number, number, string, string, number, number][] = [
  [28, 28, "black", "white", 10, 0],
  [64, 64, "white", "black", 9, 4],
  [200, 150, "#20368a", "#fdf6e3", 8, -5],
  [500, 700, "#f5f5dc", "#0b3d2e", 7, 3],
  [90, 300, "#8b0000", "#eeeeee", 10, 0],
  [1200, 900, "#111111", "#c8d4e0", 6, -4],
  [40, 52, "#ffd400", "#301050", 11, 2],
  [320, 320, "black", "none", 9, 5],
  [640, 480, "#444444", "#ffffff", 9, -3],
  [128, 96, "#ffffff", "#2255cc", 10, 0],
];

function draw(digit: number): string {
  const [width, height, ink, paper, pen, turn] = LOOKS[digit];
  const size = 0.8 * Math.min(width, height);
  const place = `translate(${(width - size) / 2 + digit} ${(height - size) / 2}) scale(${size / 100}) rotate(${turn} 50 50)`;
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><rect width="100%" height="100%" fill="${paper}"/>` +
    `<path d="${STROKES[digit]}" transform="${place}" fill="none" stroke="${ink}" stroke-width="${pen}" stroke-linecap="round" stroke-linejoin="round"/></svg>`;
  const image = new Resvg(svg).render();
  if (digit === 8) {
    writeFileSync(join(folder, "8.jpg"), jpeg.encode({ width, height, data: image.pixels }, 85).data);
    return "8.jpg";
  }
  writeFileSync(join(folder, `${digit}.png`), image.asPng());
  return `${digit}.png`;
}

let images: string[];

beforeAll(() => {
  images = STROKES.map((_, digit) => draw(digit));
  const result = nabla(folder, ["train", "--dataset", "digits", "--epochs", "4", "--out", "reader"]);
  expect(result.status, result.stderr).toBe(0);
});

test("at least 9 of 10 drawn digits are read right", () => {
  const result = nabla(folder, ["predict", "reader", ...images, "--json"]);
  expect(result.status, result.stderr).toBe(0);
  const { predictions } = result.json() as {
    predictions: { image: string; digit: number; probability: number; probabilities: number[] }[];
  };
  expect(predictions).toHaveLength(10);
  const read = predictions.map((prediction) => prediction.digit);
  const right = read.filter((digit, i) => digit === i).length;
  expect(right, `read ${read.join(" ")}`).toBeGreaterThanOrEqual(9);
  for (const { probabilities, probability } of predictions) {
    expect(probabilities).toHaveLength(10);
    expect(probabilities.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5);
    expect(probability).toBe(Math.max(...probabilities));
  }
});

/** Digits side by side, `apart` of 100 pixels from the middle of one to the middle of the next. */
function drawLine(text: string, apart: number): string {
  const paths = [...text].map(
    (digit, i) => `<path d="${STROKES[Number(digit)]}" transform="translate(${20 + i * apart} 10)"/>`,
  );
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" width="${text.length * apart + 80}" height="120"><rect width="100%" height="100%" fill="#fffef0"/>` +
    `<g fill="none" stroke="#223" stroke-width="8" stroke-linecap="round" stroke-linejoin="round">${paths.join("")}</g></svg>`;
  const name = `${text}-${apart}.png`;
  writeFileSync(join(folder, name), new Resvg(svg).render().asPng());
  return name;
}

test("--line cuts 504192 into six and reads them", () => {
  const image = drawLine("504192", 85);
  const result = nabla(folder, ["predict", "reader", image, "--line", "--json"]);
  expect(result.status, result.stderr).toBe(0);
  const { predictions } = result.json() as {
    predictions: { text: string; digits: { box: { left: number; right: number }; touches: boolean }[] }[];
  };
  const [{ text, digits }] = predictions;
  expect(digits).toHaveLength(6);
  expect([...text].filter((digit, i) => digit === "504192"[i]).length).toBeGreaterThanOrEqual(5);
  digits.forEach(({ box, touches }, i) => {
    const middle = 20 + 85 * i + 50;
    expect(box.left).toBeLessThan(middle);
    expect(box.right).toBeGreaterThan(middle);
    expect(touches).toBe(false);
  });
});

test("--line says how sure it is of each digit, and where touching digits were cut", () => {
  const image = drawLine("0000", 44);
  const result = nabla(folder, ["predict", "reader", image, "--line", "--count", "4"]);
  expect(result.stdout).toMatch(
    /^0000-44\.png: \d{4} {2}\((\|?\d \d+\.\d%(, )?){4}; \| where touching digits were cut\)\n$/,
  );
});

test("--line refuses what is no line of digits", () => {
  const count = nabla(folder, ["predict", "reader", "1.png", "--line", "--count", "40"]);
  expect(count.status).toBe(1);
  expect(count.stderr).toContain("1.png: the ink falls into");
  expect(nabla(folder, ["predict", "reader", "1.png", "--count", "2"]).stderr).toContain("--count is for --line");
  expect(nabla(folder, ["predict", "reader", "1.png", "--line", "--fit", "resize"]).stderr).toContain(
    "leave --fit out",
  );
});

test("prints the digit and its probability, a line a picture", () => {
  const result = nabla(folder, ["predict", "reader", "1.png", "7.png"]);
  expect(result.stdout).toMatch(/^1\.png: 1 {2}\(\d+\.\d%.*\)\n7\.png: \d {2}\(/);
});
