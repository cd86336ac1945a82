import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Phrases, phrasesOf, readPhrases } from "../../scripts/studio/phrases.ts";
import { onPage } from "../../studio/src/reader/recorded.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
/** Of methods: Chinese has the same. */
const NAMES = new Set(["Dropout 0.2"]);
let folder: string;
let phrases: Phrases;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "phrases-"));
  mkdirSync(join(folder, "deep"));
  writeFileSync(
    join(folder, "deep/program.ts"),
    `
      const loss = { en: "loss", zh: "损失" };
      const title = (n: number) => ({ en: \`After \${n} of \${all} steps\`, zh: \`共 \${all} 步，\${n} 步之后\` });
      say("weights & biases", "权重与偏置");
      const own = { en: "MNIST", zh: "MNIST" };
      const named = (kind: Both) => ({ en: \`cost of \${kind.en}\`, zh: \`\${kind.zh}的代价\` });
      const kind = { en: "dropout", zh: "弃权" };
      const layers = { en: \`\${count} layer\${count === 1 ? "" : "s"}\`, zh: \`\${count} 层\` };
      const way = { en: up ? "rising" : "falling", zh: up ? "上升" : "下降" };
      const both = { en: \`\${name}, \${kind.en}\`, zh: \`\${name}，\${kind.zh}\` };
      const quoted = { en: "了, one of five", zh: "了：五个中的一个" };
    `,
  );
  writeFileSync(join(folder, "deep/program.test.ts"), 'const loss = { en: "loss", zh: "测试" };');
  phrases = readPhrases([folder]);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("what figures say, in Chinese", () => {
  test("words stand as the programs pair them, in objects and as two arguments; tests of programs are not asked", () => {
    expect(phrases.of("loss")).toBe("损失");
    expect(phrases.of("weights & biases")).toBe("权重与偏置");
  });

  test("a word that programs say differently is said as the program says it that drew the figure", () => {
    const all = readPhrases([join(root, "book")]);
    const near = (file: string) => all.near([join(root, "book", file)]).of("step");
    expect(near("nndl/chapter1/1.3-sigmoid.ts")).toBe("阶跃函数");
    expect(near("nndl/chapter1/1.5-descent.ts")).toBe("步");
    expect(near("zero/chapter6/6-lstm.ts")).toBe("时刻");
    expect(phrases.near([]).of("loss")).toBe("损失");
  });

  test("each side of a choice has its own; an English text may quote a Chinese word", () => {
    expect(phrases.of("rising")).toBe("上升");
    expect(phrases.of("falling")).toBe("下降");
    expect(phrases.of("了, one of five")).toBe("了：五个中的一个");
  });

  test("a sentence without words of its own counts where one of its gaps is said", () => {
    expect(phrases.of("A, dropout")).toBe("A，弃权");
    expect(phrases.of("A, B")).toBeUndefined();
  });

  test("what is the same, and what nobody says, has none", () => {
    expect(phrases.of("MNIST")).toBeUndefined();
    expect(phrases.of("gain")).toBeUndefined();
  });

  test("the numbers of a sentence go where the Chinese one has them, and words between are said in Chinese", () => {
    expect(phrases.of("After 3 of 20 steps")).toBe("共 20 步，3 步之后");
    expect(phrases.of("1 layer")).toBe("1 层");
    expect(phrases.of("2 layers")).toBe("2 层");
    expect(phrases.of("cost of dropout")).toBe("弃权的代价");
    expect(phrases.of("cost of L2")).toBe("L2的代价");
  });

  test("a drawing: escaped texts are found as they stand, a sentence on two lines is on two in Chinese, or on the first", () => {
    const svg =
      '<svg aria-label="loss"><text x="1">weights &amp; biases</text><text x="9" y="20">After 3 of</text><text x="9" y="35">20 steps</text></svg>';
    const found = phrasesOf(svg, phrases);
    expect(found).toEqual({
      loss: "损失",
      "weights &amp; biases": "权重与偏置",
      "After 3 of": "共 20 步，",
      "20 steps": "3 步之后",
    });
    expect(onPage(svg, "one", found)).toBe(
      '<svg aria-label="损失"><text x="1">权重与偏置</text><text x="9" y="20">共 20 步，</text><text x="9" y="35">3 步之后</text></svg>',
    );
    const short = '<svg><text x="9" y="20">cost</text><text x="9" y="35">of dropout</text></svg>';
    expect(phrasesOf(short, phrases)).toEqual({ cost: "弃权的代价", "of dropout": "" });
    // What stands beside it, or in other letters, is another text.
    for (const next of ['x="40" y="20"', 'x="9" y="35" font-weight="600"', 'x="9" y="80"']) {
      expect(
        phrasesOf(`<svg><text x="9" y="20">After 3 of</text><text ${next}>20 steps</text></svg>`, phrases),
      ).toEqual({});
    }
  });

  test("what is put into a drawing can't end its text", () => {
    expect(onPage("<svg><text>a</text></svg>", "one", { a: "甲<b>&" })).toBe("<svg><text>甲&lt;b>&amp;</text></svg>");
  });

  test("the recorded figures of the books: their titles are Chinese, but for those that are names", () => {
    const said = readPhrases([join(root, "book"), join(root, "src/plot")]);
    const figures = join(root, "docs/figures");
    const without = readdirSync(figures)
      .filter((file) => file.endsWith(".svg"))
      .filter((file) => {
        const svg = readFileSync(join(figures, file), "utf8");
        const [title] = /(?<= aria-label=")[^"]*/.exec(svg) ?? [];
        return (
          title !== undefined &&
          !NAMES.has(title) &&
          /[a-z]{4,}/.test(title) &&
          phrasesOf(svg, said)[title] === undefined
        );
      });
    expect(without).toEqual([]);
  });
});
