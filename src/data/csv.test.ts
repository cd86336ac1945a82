// CSV by RFC 4180 and as people write it, in pieces cut anywhere, and what is wrong by line.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type CsvOptions, type CsvRow, csvRows } from "./csv.ts";

const rowsOf = async (text: string, options: CsvOptions = {}): Promise<CsvRow[]> => csvRows(text, options).toArray();
const values = async (text: string, options: CsvOptions = {}): Promise<(readonly string[])[]> =>
  (await rowsOf(text, { header: false, ...options })).map((row) => row.values);

describe("csvRows", () => {
  test("fields, quotes, doubled quotes, delimiters and line breaks in quotes, empty fields, empty lines", async () => {
    const text = 'a,b\r\n"x, y","say ""so"""\n\n,\n"two\nlines","a\r\nb"\r\nlast,""""';
    const rows = await rowsOf(text);
    expect(rows.map((row) => row.values)).toEqual([
      ["x, y", 'say "so"'],
      ["", ""],
      ["two\nlines", "a\r\nb"],
      ["last", '"'],
    ]);
    expect(rows.map((row) => row.line)).toEqual([2, 4, 5, 8]);
    expect(rows[0].names).toEqual(["a", "b"]);
  });

  test("line breaks of every system, and a mark at the beginning", async () => {
    expect(await values("\ufeff1,2\r3,4\r\n5,6\n7,8")).toEqual([
      ["1", "2"],
      ["3", "4"],
      ["5", "6"],
      ["7", "8"],
    ]);
    expect(await values('"a\r"\n"b"\n')).toEqual([["a\r"], ["b"]]);
  });

  test("the delimiter is found in the first line, or given", async () => {
    expect(await values('a;b;"c,d,e,f"\n1;2;3')).toHaveLength(2);
    expect(await values("a\tb\n1,5\t2")).toEqual([
      ["a", "b"],
      ["1,5", "2"],
    ]);
    expect(await values("a,b", { delimiter: "b" })).toEqual([["a,", ""]]);
    expect(await values("word\nanother")).toEqual([["word"], ["another"]]);
  });

  test("names from the first line, from outside, or numbers", async () => {
    expect((await rowsOf("1,2", { header: ["x", "y"] }))[0]).toMatchObject({ names: ["x", "y"], values: ["1", "2"] });
    expect((await rowsOf("1,2", { header: false }))[0].names).toEqual(["0", "1"]);
    await expect(rowsOf("a,a\n1,2")).rejects.toThrow('CSV, line 1: two columns are called "a"');
    await expect(rowsOf("1,2,3", { header: ["x", "y"] })).rejects.toThrow(
      "CSV, line 1: 3 fields, but there are 2 columns",
    );
  });

  test.each<[string, string, string]>([
    [
      "a ragged row",
      "a,b\n1,2\n3\n",
      "data.csv, line 3: 1 field, but there are 2 columns; a field that holds the delimiter",
    ],
    ["a ragged row behind lines in quotes", 'a,b\n"1\n\n",2\n3,4,5\n', "data.csv, line 5: 3 fields"],
    [
      "a quote never closed",
      'a,b\n1,"2\n3,4\n',
      "data.csv, line 2: a quote that is opened in this record is never closed",
    ],
    ["text behind a quote", 'a\n"b"c\n', 'data.csv, line 2: "c" follows a closing quote'],
    ["no text", "", "data.csv: holds no text"],
    ["zero bytes", "a\n\0\0", "data.csv: holds zero bytes, so it is no text"],
  ])("%s", async (_, text, message) => {
    await expect(rowsOf(text, { name: "data.csv" })).rejects.toThrow(message);
  });

  test("a record that never ends is given up, and pieces are asked for no further", async () => {
    let pieces = 0;
    const endless = function* () {
      while (true) {
        pieces += 1;
        yield pieces === 1 ? 'a\n"' : "x".repeat(1000);
      }
    };
    await expect(csvRows(endless, { maxRecord: 5000 }).toArray()).rejects.toThrow(
      "line 2: a record longer than 5000 characters",
    );
    expect(pieces).toBe(7);
  });

  test("bytes in pieces, cut within characters; what is no text is named", async () => {
    const bytes = new TextEncoder().encode("名,b\n猫,é\n");
    const pieces = () => Array.from(bytes, (byte) => Uint8Array.of(byte));
    expect((await csvRows(pieces).toArray())[0]).toMatchObject({ names: ["名", "b"], values: ["猫", "é"] });
    const of = (...bytes: number[]) => csvRows(() => [Uint8Array.from(bytes)], { name: "f" }).toArray();
    await expect(of(0x50, 0x4b, 3, 4)).rejects.toThrow("f: is a ZIP archive or a spreadsheet");
    await expect(of(0xff, 0xfe, 65, 0)).rejects.toThrow("f: is UTF-16; save it as UTF-8");
    await expect(of(0x1f, 0x8b)).rejects.toThrow("f: is compressed with gzip");
    await expect(csvRows(() => [1] as never).toArray()).rejects.toThrow("CSV comes as pieces of text or bytes, got 1");
  });

  test("wrong options", () => {
    expect(() => csvRows("a", { delimiter: "::" })).toThrow(
      'delimiter must be one character, and no quote or line break, got "::"',
    );
    expect(() => csvRows("a", { separator: ";" } as never)).toThrow(
      "there is no option separator (here it is delimiter)",
    );
    expect(() => csvRows(5 as never)).toThrow("csvRows: needs CSV text, or a function that opens its pieces, got 5");
  });

  test("another encoding is read where it is named, and what is not in it is refused, wherever pieces are cut", async () => {
    const bytes = Uint8Array.of(0xd1, 0xd5, 0xc9, 0xab, 0x2c, 0xb4, 0xf3, 0xd0, 0xa1, 10, 0xba, 0xec, 0x2c, 49, 10);
    for (let cut = 1; cut <= bytes.length; cut++) {
      const pieces = () => [bytes.subarray(0, cut), bytes.subarray(cut)];
      const [row] = await csvRows(pieces, { encoding: "gbk" }).toArray();
      expect([row.names, row.values]).toEqual([
        ["颜色", "大小"],
        ["红", "1"],
      ]);
      await expect(csvRows(pieces, { name: "f" }).toArray()).rejects.toThrow(
        'f: holds bytes that are no text in utf-8; save it as UTF-8, or set encoding to what it is written in, such as "gbk"',
      );
    }
    const half = () => [bytes.subarray(0, 3)];
    await expect(csvRows(half, { encoding: "gbk" }).toArray()).rejects.toThrow(
      "CSV: holds bytes that are no text in gbk",
    );
    const wide = Uint8Array.of(0xff, 0xfe, 97, 0, 10, 0, 49, 0);
    expect((await csvRows(() => [wide], { encoding: "utf-16le" }).toArray())[0]).toMatchObject({
      names: ["a"],
      values: ["1"],
    });
    expect(() => csvRows("a", { encoding: "martian" })).toThrow(
      'csvRows: encoding must be one that is known here, such as "utf-8", "gbk"',
    );
    expect(() => csvRows("a", { encoding: 8 as never })).toThrow("csvRows: encoding must be a string, got 8");
  });

  test("property: what is written by the rules is read back, wherever pieces are cut", async () => {
    const field = fc.string({ unit: fc.constantFrom("a", ",", '"', "\n", "\r", " ", "é"), maxLength: 6 });
    const table = fc
      .integer({ min: 1, max: 4 })
      .chain((width) =>
        fc.array(fc.array(field, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 6 }),
      );
    const written = (value: string, force: boolean) =>
      force || /[",\r\n]/.test(value) || value === "" ? `"${value.replaceAll('"', '""')}"` : value;
    await fc.assert(
      fc.asyncProperty(
        table,
        fc.boolean(),
        fc.constantFrom("\n", "\r\n", "\r"),
        fc.integer({ min: 1, max: 5 }),
        async (rows, force, end, cut) => {
          const text = rows.map((row) => row.map((value) => written(value, force)).join(",")).join(end);
          const pieces = text.match(new RegExp(`[^]{1,${cut}}`, "g")) ?? [];
          const read = await csvRows(() => pieces, { header: false, delimiter: "," }).toArray();
          expect(read.map((row) => row.values)).toEqual(rows);
          let line = 1;
          rows.forEach((row, k) => {
            expect(read[k].line).toBe(line);
            line += row.reduce((sum, value) => sum + (value.match(/\r\n|\r|\n/g)?.length ?? 0), 1);
          });
        },
      ),
      { numRuns: 200 },
    );
  });
});
