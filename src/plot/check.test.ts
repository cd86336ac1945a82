import { describe, expect, it } from "vitest";
import type { Chart } from "./chart.ts";
import { checkChart } from "./check.ts";

const check = (chart: unknown) => () => checkChart(chart as Chart);

describe("a chart that cannot be drawn says what is wrong, where, and what would be right", () => {
  it("unknown kind: names the kinds", () => {
    expect(check({ kind: "pie" })).toThrow('unknown kind "pie"; the kinds are line, scatter, band');
    expect(check(undefined)).toThrow("kind is missing");
  });

  it("series of different lengths: names chart, series and both lengths", () => {
    const series = [{ name: "validation", x: [1, 2, 3], y: [1, 2] }];
    expect(check({ kind: "line", title: "Loss", series })).toThrow(
      'line chart "Loss": series 0 ("validation"): x has 3 values and y has 2; they must be of the same length',
    );
  });

  it("empty series, and no series at all", () => {
    expect(check({ kind: "line", series: [{ name: "a", y: [] }] })).toThrow('series 0 ("a") is empty');
    expect(check({ kind: "line", series: [] })).toThrow("series is an empty list");
    expect(check({ kind: "line" })).toThrow("series is missing");
  });

  it("null, NaN and infinities are gaps, but a chart of gaps alone is refused", () => {
    const gaps = [null, Number.NaN, Number.POSITIVE_INFINITY];
    expect(check({ kind: "line", series: [{ name: "a", y: [...gaps, 1] }] })).not.toThrow();
    expect(check({ kind: "line", series: [{ name: "a", y: gaps }] })).toThrow("nothing to draw: every value is a gap");
  });

  it("values that are no numbers: names the place", () => {
    expect(check({ kind: "line", series: [{ name: "a", y: [1, "2"] }] })).toThrow('y[1] is "2"; a number is needed');
  });

  it("a logarithmic axis names the value that is not positive", () => {
    const chart = { kind: "line", yAxis: { scale: "log" }, series: [{ name: "gradient", y: [1, 0.1, 0] }] };
    expect(check(chart)).toThrow('the y axis is logarithmic, but series 0 ("gradient") has 0 at index 2; use scale');
    expect(check({ ...chart, series: [{ name: "gradient", y: [1, null] }] })).not.toThrow();
    expect(check({ kind: "line", xAxis: { scale: "log", min: 0 }, series: [{ name: "a", y: [1] }] })).toThrow(
      "x axis: min is 0, but a logarithmic axis begins above 0",
    );
  });

  it("axis limits in the wrong order", () => {
    expect(check({ kind: "line", yAxis: { min: 1, max: 1 }, series: [{ name: "a", y: [1] }] })).toThrow(
      "y axis: min 1 must be below max 1",
    );
  });

  it("a band whose low lies above its high", () => {
    const bands = [{ name: "seeds", low: [1, 3], high: [2, 2] }];
    expect(check({ kind: "band", bands })).toThrow('band 0 ("seeds"): low 3 is above high 2 at index 1 (x = 2)');
  });

  it("bars: one value a category; stacked bars are linear", () => {
    const series = [{ name: "a", values: [1, 2, 3] }];
    expect(check({ kind: "bar", categories: ["x", "y"], series })).toThrow("has 3 values for 2 categories");
    const stacked = { kind: "bar", categories: ["x"], stacked: true, yAxis: { scale: "log" } };
    expect(check({ ...stacked, series: [{ name: "a", values: [1] }] })).toThrow("stacked bars on a logarithmic axis");
  });

  it("histogram: bins", () => {
    const chart = { kind: "histogram", series: [{ name: "a", values: [1, 2] }] };
    expect(check({ ...chart, bins: 0 })).toThrow("bins is 0; give a whole number from 1 to 1000");
    expect(check({ ...chart, bins: [0, 2, 1] })).toThrow("bins must ascend, but bins[2] = 1 follows 2");
  });

  it("tables: names against values", () => {
    expect(check({ kind: "heat-map", rows: ["a"], columns: ["b", "c"], values: [[1]] })).toThrow(
      "row 0 has 1 values for 2 column names",
    );
    const classes = ["0", "1"];
    expect(check({ kind: "confusion", classes, counts: [[1, 2]] })).toThrow("the table has 1 rows for 2 row names");
    const counts = [
      [1, 2],
      [0.5, 1],
    ];
    expect(check({ kind: "confusion", classes, counts })).toThrow("counts[1][0] is 0.5; a count is a whole number");
  });

  it("fields: z[j][i] stands at (x[i], y[j])", () => {
    const z = [
      [1, 2],
      [3, 4],
    ];
    expect(check({ kind: "contour", x: [0, 1], y: [0, 1, 2], z })).toThrow("z has 2 rows for 3 values of y");
    expect(check({ kind: "surface", x: [0, 0], y: [0, 1], z })).toThrow("x must ascend, but x[1] = 0 follows 0");
    expect(check({ kind: "contour", x: [0, 1], y: [0, 1], z, levels: 0 })).toThrow("levels is 0");
  });

  it("images: pixels against the size", () => {
    const image = { width: 2, height: 2, pixels: [1, 2, 3] };
    expect(check({ kind: "images", images: [image] })).toThrow("image 0 has 3 values; 2 x 2 pixels of 1 need 4");
    expect(check({ kind: "images", colours: "rgb", images: [image] })).toThrow("2 x 2 pixels of 3 need 12");
  });

  it("trees: parents before their children, ends of colours in order", () => {
    const tree = (nodes: unknown, more = {}) => check({ kind: "tree", nodes, ...more } as never);
    expect(tree([])).toThrow("nodes is an empty list");
    expect(tree([{ parent: 0 }])).toThrow("node 0 is the root, but has a parent");
    expect(tree([{}, {}])).toThrow("node 1 has parent undefined; give the place of a node before it, 0 to 0");
    expect(tree([{}, { parent: 1 }])).toThrow("node 1 has parent 1");
    expect(tree([{}, { parent: 0, value: "x" }])).toThrow('node 1 has value "x"; give a number, or none');
    expect(tree([{}], { min: 1, max: 1 })).toThrow("min 1 must be below max 1");
  });

  it("networks: units or maps, labels and weights that fit", () => {
    const input = { name: "input", units: 2 };
    expect(check({ kind: "network", layers: [{ name: "input" }] })).toThrow("needs either units or maps");
    expect(check({ kind: "network", layers: [{ ...input, labels: ["a"] }] })).toThrow("has 1 labels for 2 units");
    const output = { name: "output", units: 1, weights: [[1, 2, 3]] };
    expect(check({ kind: "network", layers: [input, output] })).toThrow("weights are 1 x 3; [unit][input] needs 1 x 2");
  });
});

describe("charts out of JSON whose parts are of another type are told, not met by the language's own errors", () => {
  const line = { kind: "line", series: [{ name: "a", y: [1, 2] }] };
  const network = {
    kind: "network",
    layers: [
      { name: "in", units: 1 },
      { name: "out", units: 1, weights: [[1]] },
    ],
  };
  it.each<[string, unknown, string]>([
    ["no kind", {}, "chart: kind is missing; the kinds are line"],
    ["a title of null", { ...line, title: null }, "a text is a string or { en, zh }, got null"],
    [
      "a title in one language",
      { ...line, title: { en: "t" }, series: [{ name: { zh: "a" }, y: [1] }] },
      'got { zh: "a" }',
    ],
    ["a series of null", { ...line, series: [null] }, "series[0] is null; give an object"],
    ["series that are an object", { ...line, series: {} }, "series is {}; give a list"],
    ["an axis of null", { ...line, xAxis: null }, "xAxis is null; give an object"],
    [
      "a field that is none",
      { ...line, xaxis: {} },
      'there is no "xaxis" (did you mean xAxis?); there are kind, title, xAxis',
    ],
    [
      "one of a series",
      { ...line, series: [{ name: "a", y: [1], color: 1 }] },
      'series[0]: there is no "color" (did you',
    ],
    [
      "one of an axis",
      { ...line, yAxis: { title: "loss" } },
      'yAxis: there is no "title"; there are label, scale, min',
    ],
    ["marks of numbers", { ...line, marks: [1] }, "marks[0] is 1; give an object"],
    [
      "an image without pixels",
      { kind: "images", images: [{ width: 1, height: 1 }] },
      "image 0: pixels is not an array of numbers",
    ],
    [
      "weights of null",
      { ...network, layers: [network.layers[0], { name: "out", units: 1, weights: [null] }] },
      "layers[1].weights[0] is null; give an array of numbers",
    ],
  ])("%s", (_, chart, message) => {
    expect(() => checkChart(chart as Chart)).toThrow(message);
  });
});
