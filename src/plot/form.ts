// What kind of value each field of a chart or page is, in one table. Charts come from JSON and from programs without types: a field of the wrong
// kind, or that there is none of, is named before anything is drawn. Fields that are missing, and what values mean together, are for check.ts.
import { hintAtOption } from "../engine/names.ts";
import { quote } from "../engine/quote.ts";

/** Throws if a value that is given is of another kind; `where` names it. */
type Form = (value: unknown, where: string) => void;

class WrongForm extends TypeError {}

/** Throws a TypeError that begins with `owner` if a field of `value` is not of its kind. */
export function checkForm(owner: string, form: Form, value: unknown, where: string): void {
  try {
    form(value, where);
  } catch (error) {
    throw error instanceof WrongForm ? new TypeError(`${owner}: ${error.message}`) : error;
  }
}

const kind =
  (accepts: (value: unknown) => boolean, what: string): Form =>
  (value, where) => {
    if (value !== undefined && !accepts(value)) throw new WrongForm(`${where} is ${quote(value)}; give ${what}`);
  };

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

const words = kind((value) => typeof value === "string", "a string");
const text: Form = (value, where) => {
  const said = isObject(value) ? [value["en"], value["zh"]] : [value];
  if (value !== undefined && !said.some((each) => typeof each === "string")) {
    throw new WrongForm(`${where}: a text is a string or { en, zh }, got ${quote(value)}`);
  }
};
/** Words on a drawing are measured letter by letter. */
const MOST_LETTERS = 1000;

const label: Form = (value, where) => {
  text(value, where);
  const said =
    typeof value === "string" ? [value] : Object.values(value ?? {}).filter((each) => typeof each === "string");
  if (said.some((each) => each.length > MOST_LETTERS)) {
    throw new WrongForm(`${where} is longer than the ${MOST_LETTERS} letters that a drawing has room for`);
  }
};

const number = kind((value) => typeof value === "number" && Number.isFinite(value), "a finite number");
const count = kind((value) => Number.isSafeInteger(value) && (value as number) >= 0, "a whole number from 0 on");
const flag = kind((value) => typeof value === "boolean", "true or false");
const numbers = kind(
  (value) => Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView) && !isLong(value)),
  "an array of numbers",
);
const isLong = (value: unknown): boolean => value instanceof BigInt64Array || value instanceof BigUint64Array;
const oneOf = (...names: string[]): Form =>
  kind((value) => names.includes(value as string), `one of ${names.join(", ")}`);

/** Longer lists are no chart's, and an array of nothing but holes would be walked through for ever. */
const MOST_ELEMENTS = 1_000_000;

const list =
  (of: Form): Form =>
  (value, where) => {
    kind((each) => Array.isArray(each) && each.length <= MOST_ELEMENTS, "a list")(value, where);
    const elements = (value ?? []) as unknown[];
    for (let i = 0; i < elements.length; i++) {
      if (elements[i] === undefined) throw new WrongForm(`${where}[${i}] is missing`);
      of(elements[i], `${where}[${i}]`);
    }
  };

const object =
  (fields: Record<string, Form>): Form =>
  (value, where) => {
    kind((each) => isObject(each) && !Array.isArray(each), "an object")(value, where);
    if (value === undefined) return;
    const given = value as Record<string, unknown>;
    for (const [name, form] of Object.entries(fields)) form(given[name], where === "" ? name : `${where}.${name}`);
    const names = Object.keys(fields);
    for (const name of Object.keys(given)) {
      if (Object.hasOwn(fields, name) || given[name] === undefined) continue;
      const hint = hintAtOption(name, names);
      throw new WrongForm(
        `${where === "" ? "" : `${where}: `}there is no ${quote(name)}${hint}; there are ${names.join(", ")}`,
      );
    }
  };

/** A field that check.ts looks at. */
const any: Form = () => {};

const numberOr =
  (other: Form): Form =>
  (value, where) =>
    typeof value === "number" ? undefined : other(value, where);

const axis = object({
  ...{ label, scale: oneOf("linear", "log"), min: any, max: any, format: oneOf("number", "percent") },
});
const titled = { kind: any, title: label };
const plane = {
  ...titled,
  xAxis: axis,
  yAxis: axis,
  marks: list(object({ axis: oneOf("x", "y"), at: any, label })),
};
const points = list(
  object({
    ...{ name: label, x: numbers, y: numbers, colour: count },
    style: oneOf("line", "dashed", "line-points", "points"),
  }),
);
const valueSeries = list(object({ name: label, values: numbers, colour: count }));
const field = { ...titled, x: numbers, y: numbers, z: list(numbers), xAxis: axis, yAxis: axis };

const imageColours = oneOf("ink", "grey", "rgb", "diverging", "shades");

/** The fields of each kind of chart. */
const CHARTS: Readonly<Record<string, Form>> = {
  line: object({ ...plane, series: points }),
  scatter: object({ ...plane, series: points }),
  band: object({
    ...plane,
    bands: list(object({ name: label, x: numbers, low: numbers, high: numbers, middle: numbers, colour: count })),
    series: points,
  }),
  bar: object({
    ...{ ...plane, categories: list(label), series: valueSeries, stacked: flag },
    direction: oneOf("vertical", "horizontal"),
  }),
  histogram: object({
    ...{ ...plane, series: valueSeries, bins: numberOr(numbers) },
    measure: oneOf("count", "share", "density"),
  }),
  "heat-map": object({
    ...{ ...titled, rows: list(label), columns: list(label), values: list(numbers), xAxis: axis, yAxis: axis },
    ...{ colours: oneOf("sequential", "diverging"), min: number, max: number, numbers: flag, valueLabel: label },
  }),
  confusion: object({ ...titled, classes: list(label), counts: list(numbers) }),
  contour: object({
    ...{ ...field, ...plane, levels: numberOr(numbers), valueLabel: label, paths: points },
    levelScale: oneOf("linear", "log"),
  }),
  surface: object({ ...field, zAxis: axis, azimuth: number, elevation: number }),
  images: object({
    ...titled,
    images: list(
      object({
        ...{
          width: any,
          height: any,
          pixels: numbers,
          caption: label,
          topRight: label,
          bottomRight: label,
          overlay: numbers,
        },
        colours: imageColours,
      }),
    ),
    ...{ colours: imageColours, columns: any },
    scale: oneOf("each", "all"),
  }),
  network: object({
    ...titled,
    layers: list(
      object({
        ...{ name: label, units: any, maps: object({ count: any, height: any, width: any }), note: label },
        ...{ labels: list(label), weights: list(numbers) },
      }),
    ),
    mostUnits: count,
  }),
  tree: object({
    ...{ ...titled, min: number, max: number, low: label, high: label, valueLabel: label },
    nodes: list(object({ parent: count, label, value: any })),
  }),
};

/** What each kind of chart is called. */
export const CHART_KINDS: readonly string[] = Object.keys(CHARTS);

/** Throws a TypeError that names the first field of a chart of this kind whose value is of another kind. */
export function checkChartForm(chart: { readonly kind: string }): void {
  checkForm(`${chart.kind} chart`, CHARTS[chart.kind], chart, "");
}

const span = oneOf("third", "half", "two-thirds", "full");

const BLOCKS: Readonly<Record<string, Form>> = {
  chart: object({ kind: any, chart: kind(isObject, "a chart"), height: number, caption: text, span }),
  text: object({ kind: any, text, span }),
  figures: object({ kind: any, figures: required(list(object({ label: text, value: words, note: text }))) }),
  table: object({
    kind: any,
    table: required(
      object({
        columns: required(list(object({ label: text, align: oneOf("text", "number") }))),
        rows: required(list(list(text))),
        title: text,
      }),
    ),
    span,
  }),
  code: object({ kind: any, code: required(words), label: text }),
  markup: object({ kind: any, markup: required(words), span }),
};

function required(form: Form): Form {
  return (value, where) => {
    if (value === undefined) throw new WrongForm(`${where} is missing`);
    form(value, where);
  };
}

const block: Form = (value, where) => {
  const { kind: name } = (isObject(value) ? value : {}) as { kind?: string };
  if (typeof name !== "string" || !Object.hasOwn(BLOCKS, name)) {
    throw new WrongForm(`${where} is of kind ${quote(name)}; give one of ${Object.keys(BLOCKS).join(", ")}`);
  }
  BLOCKS[name](value, where);
};

/** The fields of a page. */
export const PAGE: Form = required(
  object({
    ...{ title: required(text), kicker: text, lead: text, footer: text, styles: words },
    badge: object({ text, tone: oneOf("good", "neutral", "bad") }),
    sections: required(list(object({ heading: text, blocks: required(list(block)) }))),
    language: oneOf("en", "zh"),
  }),
);

/** What `renderSvg` takes beside the chart. */
export const SVG_OPTIONS: Form = required(
  object({
    width: number,
    height: number,
    language: oneOf("en", "zh"),
    theme: oneOf("light", "dark", "page"),
    id: words,
  }),
);
