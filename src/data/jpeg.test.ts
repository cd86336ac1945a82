// What libjpeg-turbo 2.1 (by Pillow 9.4) reads in a file is what is read here. It blends reduced colour between pixels, where we repeat it: hence
// the wider bounds there. That baseline and progressive files of the same coefficients are the same picture, bit for bit, the fuzzer asks.
import { describe, expect, it } from "vitest";
import { decodeJpeg } from "./jpeg.ts";

/** 19 x 13 pixels each; libjpeg's values in the corners and the middle. */
const CASES = [
  {
    what: "baseline, grey",
    within: 1,
    data: "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAUDBAQEAwUEBAQFBQUGBwwIBwcHBw8LCwkMEQ8SEhEPERETFhwXExQaFRERGCEYGh0dHx8fExciJCIeJBweHx7/wAALCAANABMBAREA/8QAFwAAAwEAAAAAAAAAAAAAAAAABAUGB//EABwQAAEEAwEAAAAAAAAAAAAAAAUAAwQiASExEv/aAAgBAQAAPwAkkN7VTBIb2qRODb5qtyJRG9qZJRG9pC5Eb95X/9k=",
    pixels: [[130], [77], [127], [168], [124]],
  },
  {
    what: "progressive",
    within: 3,
    data: "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAUDBAQEAwUEBAQFBQUGBwwIBwcHBw8LCwkMEQ8SEhEPERETFhwXExQaFRERGCEYGh0dHx8fExciJCIeJBweHx7/2wBDAQUFBQcGBw4ICA4eFBEUHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh7/wgARCAANABMDAREAAhEBAxEB/8QAFQABAQAAAAAAAAAAAAAAAAAAAwL/xAAXAQEBAQEAAAAAAAAAAAAAAAAFBAEG/9oADAMBAAIQAxAAAAG3dUo1T4be6dijVOh//8QAGBABAQEBAQAAAAAAAAAAAAAAAAECERL/2gAIAQEAAQUCmUy8pEjj/8QAFxEAAwEAAAAAAAAAAAAAAAAAAAEDAv/aAAgBAwEBPwGuSuR5Koqho//EABgRAAMBAQAAAAAAAAAAAAAAAAABAwIh/9oACAECAQE/AbaLaHrpZlmNn//EABQQAQAAAAAAAAAAAAAAAAAAACD/2gAIAQEABj8CX//EABcQAQEBAQAAAAAAAAAAAAAAAAABEBH/2gAIAQEAAT8h1cUXL//aAAwDAQACAAMAAAAQXMj/AP/EABgRAQEAAwAAAAAAAAAAAAAAAAABEBEh/9oACAEDAQE/EMB0RRR2/8QAGBEBAQADAAAAAAAAAAAAAAAAAAEQESH/2gAIAQIBAT8Qwvcqqvt//8QAGhAAAgIDAAAAAAAAAAAAAAAAAAEQYREhMf/aAAgBAQABPxCsrFryf1jP/9k=",
    pixels: [
      [129, 99, 213],
      [79, 168, 122],
      [129, 145, 171],
      [169, 132, 201],
      [127, 191, 130],
    ],
  },
  {
    what: "progressive, colour at a quarter of the pixels",
    within: 9,
    data: "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAUDBAQEAwUEBAQFBQUGBwwIBwcHBw8LCwkMEQ8SEhEPERETFhwXExQaFRERGCEYGh0dHx8fExciJCIeJBweHx7/2wBDAQUFBQcGBw4ICA4eFBEUHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh7/wgARCAANABMDASIAAhEBAxEB/8QAFwAAAwEAAAAAAAAAAAAAAAAAAAMEAv/EABYBAQEBAAAAAAAAAAAAAAAAAAUDBP/aAAwDAQACEAMQAAAB22h2+UxcCEf/xAAYEAEBAQEBAAAAAAAAAAAAAAAAAQIREv/aAAgBAQABBQKZTLykSOP/xAAXEQEAAwAAAAAAAAAAAAAAAAAAAgQT/9oACAEDAQE/AbUGb//EABcRAQADAAAAAAAAAAAAAAAAAAADBBP/2gAIAQIBAT8BuSNH/8QAFBABAAAAAAAAAAAAAAAAAAAAIP/aAAgBAQAGPwJf/8QAFxABAQEBAAAAAAAAAAAAAAAAAAEQEf/aAAgBAQABPyHVxRcv/9oADAMBAAIAAwAAABB0H//EABcRAQEBAQAAAAAAAAAAAAAAAAEAESH/2gAIAQMBAT8QHsjb/8QAFxEBAQEBAAAAAAAAAAAAAAAAAQARIf/aAAgBAgEBPxBey9v/xAAaEAACAgMAAAAAAAAAAAAAAAAAARBhESEx/9oACAEBAAE/EKysWvJ/WM//2Q==",
    pixels: [
      [131, 98, 211],
      [79, 167, 127],
      [129, 145, 170],
      [166, 134, 201],
      [126, 192, 131],
    ],
  },
  {
    what: "baseline, colour at half of the pixels",
    within: 6,
    data: "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAUDBAQEAwUEBAQFBQUGBwwIBwcHBw8LCwkMEQ8SEhEPERETFhwXExQaFRERGCEYGh0dHx8fExciJCIeJBweHx7/2wBDAQUFBQcGBw4ICA4eFBEUHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh7/wAARCAANABMDASEAAhEBAxEB/8QAFgABAQEAAAAAAAAAAAAAAAAABAAD/8QAHBAAAgICAwAAAAAAAAAAAAAAAAMCBAFhESEx/8QAFQEBAQAAAAAAAAAAAAAAAAAABgX/xAAbEQACAgMBAAAAAAAAAAAAAAAAAQIDBREhMf/aAAwDAQACEQMRAD8A2VU0LVU0Jsxb6T8pX6JxU68IEO3oSdfTdSIDFIgKMxN9HeUiuicIhwQIc3sIuC2f/9k=",
    pixels: [
      [129, 99, 211],
      [80, 166, 127],
      [129, 145, 171],
      [169, 132, 201],
      [127, 191, 130],
    ],
  },
  {
    what: "inks, stored inverted as Adobe has them",
    within: 2,
    data: "/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwAFAwQEBAMFBAQEBQUFBgcMCAcHBwcPCwsJDBEPEhIRDxERExYcFxMUGhURERghGBodHR8fHxMXIiQiHiQcHh8e/8AAFAgADQATBEMRAE0RAFkRAEsRAP/EABgAAQEBAQEAAAAAAAAAAAAAAAYHBAUI/8QAJRAAAQIEBQUBAAAAAAAAAAAAAAMFAgQhIgEGMkJxEyMxM0ES/9oADgRDAE0AWQBLAAA/AMra5eLjc8TOqpDmHaDcyS2qgmbXLxcDHiZ1VKAw7SZ5kltVDupuVmFwYVme5FX6MUPVDwBJiW70dPpDW2bUoUN4ViuIcw7T0/mRKG4Tts2pQGPCsVxQGHaTLMiUNx3U5tT8YBhVWLqRcjFD1Q8ASYSh60fJ/9k=",
    pixels: [
      [54, 68, 17],
      [2, 1, 2],
      [35, 30, 23],
      [40, 55, 25],
      [13, 6, 13],
    ],
  },
];
const PLACES = [
  [0, 0],
  [18, 0],
  [9, 6],
  [3, 12],
  [18, 12],
];
const bytesOf = (data: string): Uint8Array => Uint8Array.from(Buffer.from(data, "base64"));
const decode = (bytes: Uint8Array) => decodeJpeg(bytes, () => {});

/** Where a marker stands. */
function find(bytes: Uint8Array, marker: number): number {
  const at = bytes.findIndex((byte, k) => byte === 0xff && bytes[k + 1] === marker);
  expect(at).toBeGreaterThan(0);
  return at;
}

describe("as libjpeg reads it", () => {
  it.each(CASES)("$what", ({ data, pixels, within }) => {
    const picture = decode(bytesOf(data));
    expect([picture.width, picture.height, picture.channels]).toEqual([19, 13, pixels[0].length]);
    for (const [k, [x, y]] of PLACES.entries()) {
      for (const [c, value] of pixels[k].entries()) {
        const read = picture.data[(y * 19 + x) * picture.channels + c];
        expect(Math.abs(read - value), `(${x}, ${y}): ${read}, not ${value}`).toBeLessThanOrEqual(within);
      }
    }
  });
});

describe("what is damaged is told, before memory is reserved for it", () => {
  const [baseline, progressive] = [bytesOf(CASES[3].data), bytesOf(CASES[1].data)];
  const changed = (bytes: Uint8Array, change: (copy: Uint8Array) => void): Uint8Array => {
    const copy = bytes.slice();
    change(copy);
    return copy;
  };
  const claiming = (bytes: Uint8Array, marker: number) =>
    changed(bytes, (copy) => copy.set([0x27, 0x06, 0x27, 0x06], find(copy, marker) + 5));

  it("a baseline file of 347 bytes that says 9990x9990 pixels: a block takes two bits at least", () => {
    // 625 x 1249 units of 16 x 8 pixels, each of four blocks.
    expect(() => decode(claiming(baseline, 0xc0))).toThrow(
      /9990x9990 pixels take at least 780625 bytes, and \d+ are left/,
    );
  });
  it("a progressive one: a block's first coefficient takes a bit at least", () => {
    expect(() => decode(claiming(progressive, 0xc2))).toThrow(/9990x9990 pixels take at least 585\d{3} bytes/);
  });
  it("more scans than any encoder sends", () => {
    const scan = find(progressive, 0xda);
    const copies = Array.from({ length: 101 }, () => progressive.subarray(scan, -2));
    expect(() => decode(Buffer.concat([progressive.subarray(0, scan), ...copies]))).toThrow(
      /twice|more than 100 scans/,
    );
  });
  it.each<[string, Uint8Array, RegExp]>([
    ["cut in its data", baseline.subarray(0, -9), /its data end too early/],
    ["without its end", baseline.subarray(0, -2), /it ends too early/],
    ["cut in its header", baseline.subarray(0, 100), /it ends within its header/],
    [
      "a colour that is never sent",
      changed(progressive, (copy) => copy.set([0xff, 0xd9], find(copy, 0xda))),
      /a colour is missing/,
    ],
    [
      "12 bits a sample",
      changed(baseline, (copy) => (copy[find(copy, 0xc0) + 4] = 12)),
      /12 bits a sample, which is not supported/,
    ],
    [
      "arithmetic coding",
      changed(baseline, (copy) => (copy[find(copy, 0xc0) + 1] = 0xc9)),
      /arithmetic.*not supported/,
    ],
    ["five colours", changed(baseline, (copy) => (copy[find(copy, 0xc0) + 9] = 5)), /a size of the wrong length/],
    [
      "a scan without its table",
      changed(baseline, (copy) => (copy[find(copy, 0xda) + 6] = 0x33)),
      /without its Huffman table/,
    ],
  ])("%s", (_, bytes, message) => {
    expect(() => decode(bytes)).toThrow(message);
  });
});
