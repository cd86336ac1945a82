// Checks a chart before it is drawn. Charts often come from JSON or from a long run, so each message names the chart,
// the series and the value at fault, and says what would be right.
import { quote } from "../engine/quote.ts";
import type { Axis, BandSeries, Chart, Mark, Numbers, PointSeries, Text } from "./chart.ts";
import { positionAt, say, valueAt } from "./chart.ts";
import { CHART_KINDS, checkChartForm } from "./form.ts";

/** @throws Error where the chart cannot be drawn: what is wrong, where, and what would be right. */
export function checkChart(chart: Chart): void {
  const kind: string = chart?.kind;
  if (!CHART_KINDS.includes(kind)) {
    const what = kind === undefined ? "kind is missing" : `unknown kind ${quote(kind)}`;
    throw new Error(`chart: ${what}; the kinds are ${CHART_KINDS.join(", ")}`);
  }
  checkChartForm(chart);
  const title = say(chart.title, "en");
  const fail = (what: string): never => {
    throw new Error(`${kind} chart${title === "" ? "" : ` "${title}"`}: ${what}`);
  };
  checkParts(chart, fail);
  if ("xAxis" in chart) checkAxis(chart.xAxis, "x", fail);
  if ("yAxis" in chart) checkAxis(chart.yAxis, "y", fail);
  if ("marks" in chart) checkMarks(chart.marks, fail, chart.xAxis, chart.yAxis);

  switch (chart.kind) {
    case "line":
    case "scatter":
      checkList(chart.series, "series", fail);
      checkPoints(chart.series, chart.xAxis, chart.yAxis, fail);
      requireSomething(
        chart.series.map((series) => series.y),
        fail,
      );
      break;
    case "band":
      checkList(chart.bands, "bands", fail);
      checkBands(chart.bands, chart.xAxis, chart.yAxis, fail);
      checkPoints(chart.series ?? [], chart.xAxis, chart.yAxis, fail);
      requireSomething(
        chart.bands.map((band) => band.low),
        fail,
      );
      break;
    case "bar":
      checkList(chart.categories, "categories", fail);
      if (chart.stacked && chart.yAxis?.scale === "log") {
        fail('stacked bars on a logarithmic axis have no meaning; use scale "linear", or leave them side by side');
      }
      checkList(chart.series, "series", fail);
      chart.series.forEach((series, index) => {
        const name = nameOf("series", index, series.name);
        checkNumbers(series.values, name, "values", fail);
        if (series.values.length !== chart.categories.length) {
          fail(
            `${name} has ${series.values.length} values for ${chart.categories.length} categories; one a category is needed`,
          );
        }
        checkPositive(series.values, chart.yAxis, "y", name, fail);
      });
      requireSomething(
        chart.series.map((series) => series.values),
        fail,
      );
      break;
    case "histogram":
      checkList(chart.series, "series", fail);
      checkBins(chart.bins, fail);
      chart.series.forEach((series, index) => {
        checkNumbers(series.values, nameOf("series", index, series.name), "values", fail);
      });
      if (chart.xAxis?.scale === "log") {
        fail('the x axis of a histogram is linear; take the logarithm of the values, or use scale "linear"');
      }
      requireSomething(
        chart.series.map((series) => series.values),
        fail,
      );
      break;
    case "heat-map":
      checkTable(chart.values, chart.rows, chart.columns, fail);
      if (chart.min !== undefined && chart.max !== undefined && !(chart.min < chart.max)) {
        fail(`min ${chart.min} must be below max ${chart.max}`);
      }
      requireSomething(chart.values, fail);
      break;
    case "confusion":
      checkTable(chart.counts, chart.classes, chart.classes, fail);
      chart.counts.forEach((row, label) => {
        for (let prediction = 0; prediction < row.length; prediction++) {
          const count = row[prediction];
          if (!Number.isInteger(count) || (count as number) < 0) {
            fail(`counts[${label}][${prediction}] is ${quote(count)}; a count is a whole number, 0 or more`);
          }
        }
      });
      break;
    case "contour":
    case "surface":
      checkField(chart.x, chart.y, chart.z, fail);
      if (chart.kind === "contour") {
        if (Array.isArray(chart.levels)) {
          checkAscending(chart.levels, "levels", 1, fail);
        } else if (chart.levels !== undefined && !(Number.isInteger(chart.levels) && (chart.levels as number) >= 1)) {
          fail(`levels is ${quote(chart.levels)}; give a whole number of at least 1, or the levels themselves`);
        }
        if (chart.xAxis?.scale === "log") checkPositive(chart.x, chart.xAxis, "x", "x", fail);
        if (chart.yAxis?.scale === "log") checkPositive(chart.y, chart.yAxis, "y", "y", fail);
        checkPoints(chart.paths ?? [], chart.xAxis, chart.yAxis, fail);
      } else if (chart.xAxis?.scale === "log" || chart.yAxis?.scale === "log" || chart.zAxis?.scale === "log") {
        fail('a surface has linear axes; take the logarithm of the values, or use scale "linear"');
      }
      break;
    case "images":
      checkList(chart.images, "images", fail);
      if (chart.columns !== undefined && !(Number.isInteger(chart.columns) && chart.columns >= 1)) {
        fail(`columns is ${quote(chart.columns)}; give a whole number of at least 1`);
      }
      chart.images.forEach((image, index) => {
        const channels = (image.colours ?? chart.colours) === "rgb" ? 3 : 1;
        const { width, height } = image;
        const whole = Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0;
        if (image.width === undefined || image.height === undefined) fail(`image ${index} lacks its width or height`);
        if (!whole) {
          fail(
            `image ${index} is ${quote(image.width)} by ${quote(image.height)} pixels; both sides are whole numbers above 0`,
          );
        }
        checkNumbers(image.pixels, `image ${index}`, "pixels", fail);
        const needed = width * height * channels;
        if (image.pixels.length !== needed) {
          fail(
            `image ${index} has ${image.pixels.length} values; ${image.width} x ${image.height} pixels of ${channels} need ${needed}`,
          );
        }
        if (image.overlay === undefined) return;
        checkNumbers(image.overlay, `image ${index}`, "overlay", fail);
        if (image.overlay.length !== width * height) {
          fail(`image ${index} has an overlay of ${image.overlay.length} values for ${width} x ${height} pixels`);
        }
      });
      break;
    case "network":
      checkNetwork(chart.layers, fail);
      break;
    case "tree":
      checkTree(chart, fail);
      break;
  }
}

type Fail = (what: string) => never;

const objects = ["xAxis", "yAxis", "zAxis"];
const lists = ["series", "bands", "images", "layers", "paths", "marks", "nodes"];

/** That what should be an object is one, before anything in it is asked for. */
function checkParts(chart: Chart, fail: Fail): void {
  const isObject = (value: unknown) => typeof value === "object" && value !== null && !Array.isArray(value);
  for (const [key, part] of Object.entries(chart)) {
    if (part === undefined) continue;
    if (objects.includes(key) && !isObject(part))
      fail(`${key} is ${quote(part)}; give an object such as { label: "epoch" }`);
    if (!lists.includes(key)) continue;
    if (!Array.isArray(part)) fail(`${key} is ${quote(part)}; give a list`);
    const odd = (part as unknown[]).findIndex((element) => !isObject(element));
    if (odd >= 0) fail(`${key}[${odd}] is ${quote(part[odd])}; give an object`);
  }
}

function nameOf(what: string, index: number, name: Text): string {
  const said = say(name, "en");
  return said === "" ? `${what} ${index}` : `${what} ${index} ("${said}")`;
}

function checkList(list: readonly unknown[] | undefined, what: string, fail: Fail): void {
  if (!Array.isArray(list)) fail(`${what} is missing; give a list`);
  if ((list as readonly unknown[]).length === 0) fail(`${what} is an empty list; give at least one`);
}

function checkNumbers(numbers: Numbers | undefined, owner: string, what: string, fail: Fail): void {
  if (!(Array.isArray(numbers) || ArrayBuffer.isView(numbers))) fail(`${owner}: ${what} is not an array of numbers`);
  const given = numbers as Numbers;
  if (given.length === 0) fail(`${owner} is empty; leave it out, or give at least one value`);
  for (let i = 0; i < given.length; i++) {
    const value: unknown = given[i];
    if (typeof value !== "number" && value !== null) {
      fail(`${owner}: ${what}[${i}] is ${quote(value)}; a number is needed, or null for a gap`);
    }
  }
}

function requireSomething(lists: readonly Numbers[], fail: Fail): void {
  for (const list of lists) for (let i = 0; i < list.length; i++) if (!Number.isNaN(valueAt(list, i))) return;
  fail("nothing to draw: every value is a gap (null, NaN or infinite)");
}

function checkSameLength(a: Numbers, b: Numbers, names: [string, string], owner: string, fail: Fail): void {
  if (a.length !== b.length) {
    fail(
      `${owner}: ${names[0]} has ${a.length} values and ${names[1]} has ${b.length}; they must be of the same length`,
    );
  }
}

function checkPositive(values: Numbers, axis: Axis | undefined, which: string, owner: string, fail: Fail): void {
  if (axis?.scale !== "log") return;
  for (let i = 0; i < values.length; i++) {
    const value = valueAt(values, i);
    if (value <= 0) {
      fail(
        `the ${which} axis is logarithmic, but ${owner} has ${value} at index ${i}; use scale "linear", or leave such values out as null`,
      );
    }
  }
}

function checkPoints(list: readonly PointSeries[], xAxis: Axis | undefined, yAxis: Axis | undefined, fail: Fail): void {
  list.forEach((series, index) => {
    const name = nameOf("series", index, series.name);
    checkNumbers(series.y, name, "y", fail);
    checkPositive(series.y, yAxis, "y", name, fail);
    if (series.x === undefined) return;
    checkNumbers(series.x, name, "x", fail);
    checkSameLength(series.x, series.y, ["x", "y"], name, fail);
    checkPositive(series.x, xAxis, "x", name, fail);
  });
}

function checkBands(list: readonly BandSeries[], xAxis: Axis | undefined, yAxis: Axis | undefined, fail: Fail): void {
  list.forEach((band, index) => {
    const name = nameOf("band", index, band.name);
    checkNumbers(band.low, name, "low", fail);
    checkNumbers(band.high, name, "high", fail);
    checkSameLength(band.low, band.high, ["low", "high"], name, fail);
    if (band.middle !== undefined) {
      checkNumbers(band.middle, name, "middle", fail);
      checkSameLength(band.low, band.middle, ["low", "middle"], name, fail);
    }
    if (band.x !== undefined) {
      checkNumbers(band.x, name, "x", fail);
      checkSameLength(band.x, band.low, ["x", "low"], name, fail);
      checkPositive(band.x, xAxis, "x", name, fail);
    }
    for (const side of [band.low, band.high, band.middle ?? []]) checkPositive(side, yAxis, "y", name, fail);
    for (let i = 0; i < band.low.length; i++) {
      if (valueAt(band.low, i) > valueAt(band.high, i)) {
        fail(`${name}: low ${band.low[i]} is above high ${band.high[i]} at index ${i} (x = ${positionAt(band.x, i)})`);
      }
    }
  });
}

function checkBins(bins: number | readonly number[] | undefined, fail: Fail): void {
  if (bins === undefined) return;
  if (typeof bins !== "number") checkAscending(bins, "bins", 2, fail);
  else if (!(Number.isInteger(bins) && bins >= 1 && bins <= 1000)) {
    fail(`bins is ${quote(bins)}; give a whole number from 1 to 1000, or ascending edges`);
  }
}

function checkAscending(values: Numbers, what: string, least: number, fail: Fail): void {
  if (!(Array.isArray(values) || ArrayBuffer.isView(values))) fail(`${what} is not an array of numbers`);
  if (values.length < least) fail(`${what} has ${values.length} values; at least ${least} are needed`);
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(valueAt(values, i))) fail(`${what}[${i}] is ${quote(values[i])}; finite numbers are needed`);
    if (i > 0 && !(valueAt(values, i) > valueAt(values, i - 1))) {
      fail(`${what} must ascend, but ${what}[${i}] = ${quote(values[i])} follows ${quote(values[i - 1])}`);
    }
  }
}

function checkTable(values: readonly Numbers[], rows: readonly Text[], columns: readonly Text[], fail: Fail): void {
  checkList(rows, "the list of row names", fail);
  checkList(columns, "the list of column names", fail);
  checkList(values, "the table", fail);
  if (values.length !== rows.length) fail(`the table has ${values.length} rows for ${rows.length} row names`);
  values.forEach((row, index) => {
    checkNumbers(row, `row ${index}`, "values", fail);
    if (row.length !== columns.length) {
      fail(`row ${index} has ${row.length} values for ${columns.length} column names`);
    }
  });
}

function checkField(x: Numbers, y: Numbers, z: readonly Numbers[], fail: Fail): void {
  checkAscending(x, "x", 2, fail);
  checkAscending(y, "y", 2, fail);
  checkList(z, "z", fail);
  if (z.length !== y.length) fail(`z has ${z.length} rows for ${y.length} values of y; z[j][i] stands at (x[i], y[j])`);
  z.forEach((row, index) => {
    checkNumbers(row, `z[${index}]`, "values", fail);
    if (row.length !== x.length) fail(`z[${index}] has ${row.length} values for ${x.length} values of x`);
  });
  requireSomething(z, fail);
}

function checkAxis(axis: Axis | undefined, which: string, fail: Fail): void {
  if (axis === undefined) return;
  for (const side of ["min", "max"] as const) {
    const limit = axis[side];
    if (limit === undefined) continue;
    if (!Number.isFinite(limit)) fail(`${which} axis: ${side} is ${quote(limit)}; a finite number is needed`);
    if (axis.scale === "log" && limit <= 0) {
      fail(`${which} axis: ${side} is ${limit}, but a logarithmic axis begins above 0; use scale "linear"`);
    }
  }
  if (axis.min !== undefined && axis.max !== undefined && !(axis.min < axis.max)) {
    fail(`${which} axis: min ${axis.min} must be below max ${axis.max}`);
  }
}

function checkMarks(
  marks: readonly Mark[] | undefined,
  fail: Fail,
  xAxis: Axis | undefined,
  yAxis: Axis | undefined,
): void {
  marks?.forEach((mark, index) => {
    if (!Number.isFinite(mark.at)) {
      fail(
        `mark ${index} ${mark.at === undefined ? "has no place" : `is at ${quote(mark.at)}`}; a finite number is needed`,
      );
    }
    const axis = mark.axis === "x" ? xAxis : yAxis;
    if (axis?.scale === "log" && mark.at <= 0) {
      fail(`mark ${index} is at ${mark.at}, but the ${mark.axis} axis is logarithmic; its marks are above 0`);
    }
  });
}

/** More nodes are no drawing. */
const MOST_NODES = 20_000;

function checkTree({ nodes, min, max }: Extract<Chart, { kind: "tree" }>, fail: Fail): void {
  checkList(nodes, "nodes", fail);
  if (nodes.length > MOST_NODES) fail(`${nodes.length} nodes are too many to be drawn; at most ${MOST_NODES}`);
  nodes.forEach(({ parent, value }, index) => {
    if (index === 0 && parent !== undefined) fail("node 0 is the root, but has a parent; leave it out");
    if (index > 0 && !(parent !== undefined && parent < index)) {
      fail(`node ${index} has parent ${quote(parent)}; give the place of a node before it, 0 to ${index - 1}`);
    }
    if (value !== undefined && value !== null && typeof value !== "number") {
      fail(`node ${index} has value ${quote(value)}; give a number, or none`);
    }
  });
  if (min !== undefined && max !== undefined && !(min < max)) fail(`min ${min} must be below max ${max}`);
}

function checkNetwork(layers: Extract<Chart, { kind: "network" }>["layers"], fail: Fail): void {
  checkList(layers, "layers", fail);
  layers.forEach((layer, index) => {
    const name = nameOf("layer", index, layer.name);
    if ((layer.units === undefined) === (layer.maps === undefined)) fail(`${name} needs either units or maps`);
    if (layer.maps === null) fail(`${name}: maps is null; give { count, height, width }`);
    const sizes = layer.maps === undefined ? [layer.units] : [layer.maps.count, layer.maps.height, layer.maps.width];
    for (const size of sizes) {
      if (!(Number.isInteger(size) && (size as number) >= 1)) {
        fail(`${name} has size ${quote(size)}; a whole number of at least 1 is needed`);
      }
    }
    if (layer.labels !== undefined) checkList(layer.labels, `${name}: the list of labels`, fail);
    if (layer.labels !== undefined && layer.labels.length !== layer.units) {
      fail(`${name} has ${layer.labels.length} labels for ${layer.units ?? 0} units; one a unit is needed`);
    }
    if (layer.weights === undefined) return;
    const before = layers[index - 1]?.units;
    if (before === undefined || layer.units === undefined) {
      fail(`${name} has weights, but they connect units with units of the layer before`);
    }
    checkList(layer.weights, `${name}: weights`, fail);
    for (const row of layer.weights) checkNumbers(row, name, "weights", fail);
    const right = layer.weights.length === layer.units && layer.weights.every((row) => row.length === before);
    if (!right) {
      fail(
        `${name}: weights are ${layer.weights.length} x ${layer.weights[0]?.length ?? 0}; [unit][input] needs ${layer.units} x ${before}`,
      );
    }
  });
}
