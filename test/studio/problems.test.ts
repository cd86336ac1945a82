// What went wrong is said in the page's language. The messages are taken from the sources that throw them: whoever writes another one there that a reader may
// meet is told here that it lacks its Chinese.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, test } from "vitest";
import { csvRows } from "../../src/data/csv.ts";
import { loadModel } from "../../src/io/model.ts";
import { inChinese, inEnglish } from "../../studio/src/language/problem-texts.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Messages that a file throws, with a 7 in their gaps: those of `new ...Error(...)`, `fail(...)` and `damaged(...)`. */
function messagesOf(file: string): string[] {
  const source = ts.createSourceFile(file, readFileSync(`${root}/${file}`, "utf8"), ts.ScriptTarget.Latest);
  const found: string[] = [];
  const textOf = (node: ts.Node): string | undefined => {
    if (ts.isStringLiteralLike(node)) return node.text;
    if (ts.isTemplateExpression(node))
      return node.head.text + node.templateSpans.map((s) => `7${s.literal.text}`).join("");
    if (ts.isBinaryExpression(node)) {
      const [left, right] = [textOf(node.left), textOf(node.right)];
      return left === undefined || right === undefined ? undefined : left + right;
    }
    return undefined;
  };
  const visit = (node: ts.Node): void => {
    const thrown =
      (ts.isNewExpression(node) &&
        /^(Error|RangeError|SyntaxError|UserError)$/.test(node.expression.getText(source))) ||
      (ts.isCallExpression(node) && /^(this\.fail|fail|damaged)$/.test(node.expression.getText(source)));
    if (thrown) {
      const texts = (node as ts.NewExpression).arguments?.map(textOf).filter((text) => text !== undefined) ?? [];
      found.push(...texts.map((text) => text.replace(/\s+/g, " ")));
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

describe("what a reader may meet has its Chinese", () => {
  test.each([
    ["tables", "src/data/csv.ts", ""],
    ["networks: the file", "src/io/safetensors-header.ts", "; the file is damaged or not in the safetensors format"],
    ["networks: what it holds", "src/io/model.ts", ""],
    ["lines of digits", "src/data/digit-string.ts", ""],
    ["trees", "src/data/trees/treebank.ts", ""],
    ["networks that read no digits", "studio/src/digits/work.ts", ""],
    ["corrections", "studio/src/digits/corrections.ts", ""],
    ["data that a page lacks", "studio/src/library.ts", ""],
    ["runs", "cli/studio/runs.ts", ""],
    ["runs as programs", "cli/studio/run-program.ts", ""],
  ])("%s", (_, file, behind) => {
    const messages = messagesOf(file).filter(
      // What only a program can do wrong, and a function of whole sentences.
      (message) =>
        !/^7$|^7, (?:line|column) 7: 7$|: (?:read|the function that opens|CSV comes as pieces|.*from must be|.*is for files of another|encoding must be)/.test(
          message,
        ),
    );
    expect(messages.length).toBeGreaterThan(0);
    const without = messages.filter((message) => {
      // A count that decides between singular and plural leaves a gap of its own.
      const said = message
        .replace("7 field7,", "7 fields,")
        .replace(/^7 not closed/, "7 brackets are not closed")
        .replace("a node has 7;", "a node has 7 children;");
      return inChinese(said + (message.includes("safetensors format") ? "" : behind)) === undefined;
    });
    expect(without).toEqual([]);
  });

  const failure = async (csv: string | Uint8Array): Promise<string> => {
    const { message } = (await csvRows(() => [csv])
      .toArray()
      .then(
        () => new Error("it was read"),
        (error: Error) => error,
      )) as Error;
    return message;
  };

  test.each([
    ["a quote that is not closed", 'a,b\n"1,2\n', "CSV 第 2 行：这一行的引号没有配对的后引号；请补上引号，或删去它"],
    ["a row too long", "a,b\n1,2,3\n", "CSV 第 2 行：有 3 个字段，而表有 2 列；含有分隔符的字段要放在引号里"],
    ["two columns of one name", "a,a\n1,2\n", 'CSV 第 1 行：有两列都叫 "a"'],
    ["nothing", "", "CSV：文件是空的"],
    ["a spreadsheet", new Uint8Array([0x50, 0x4b, 3, 4]), "CSV：是 ZIP 压缩包或电子表格；请先解压，或另存为 CSV"],
    ["no text", new Uint8Array([97, 44, 98, 10, 0xff]), "CSV：编码不是 UTF-8，也不是 GB 18030；请另存为 UTF-8"],
    ["UTF-16", new Uint8Array([0xff, 0xfe, 0x61, 0]), "CSV：是 UTF-16 编码；请另存为 UTF-8"],
  ])("a table with %s, as the library throws it", async (_, csv, chinese) => {
    expect(inChinese(await failure(csv))).toContain(chinese);
  });

  test("a network's file, as the library throws it", () => {
    expect(() => loadModel(new Uint8Array(3), "mine.safetensors")).toThrow();
    try {
      loadModel(new TextEncoder().encode("this is no network at all"), "mine.safetensors");
    } catch (error) {
      expect(inChinese((error as Error).message)).toMatch(/^mine\.safetensors：文件已损坏，或不是 safetensors 格式/);
    }
    expect.assertions(2);
  });

  test("English: the remedy is one in a page, not an option of the library", async () => {
    expect(inEnglish(await failure("a,a\n1,2\n"))).toMatch(
      /^CSV, line 1: two columns are called "a"; .* put a line of names above it$/,
    );
    expect(inEnglish("something else: of which nobody knows")).toBe("something else: of which nobody knows");
  });

  test("what nobody foresaw is not made up", () => {
    expect(inChinese("something else: of which nobody knows")).toBeUndefined();
  });
});
