// Values over a plane as pixels, in the colours of a ramp.
import { channelsOf, type Palette } from "../../../src/plot/theme.ts";

const SHADES = ["#ffffff", "#15181b"];
const tables = new WeakMap<readonly string[], Uint32Array>();

/** 256 colours of a ramp as pixels in memory: alpha, blue, green, red from the highest byte. */
function tableOf(ramp: readonly string[]): Uint32Array {
  const known = tables.get(ramp);
  if (known) return known;
  const stops = ramp.map(channelsOf);
  const table = Uint32Array.from({ length: 256 }, (_, i) => {
    const place = (i / 255) * (stops.length - 1);
    const left = Math.min(stops.length - 2, Math.floor(place));
    const share = place - left;
    const [r, g, b] = stops[left].map((value, k) => Math.round(value * (1 - share) + stops[left + 1][k] * share));
    return (255 << 24) | (b << 16) | (g << 8) | r;
  });
  tables.set(ramp, table);
  return table;
}

export function paintField(
  canvas: HTMLCanvasElement,
  field: {
    readonly values: ArrayLike<number>;
    readonly columns: number;
    readonly rows: number;
    readonly range: readonly [number, number];
    /** "shades": white for little, black for much, on any page, as printed figures have it. */
    readonly palette?: "diverging" | "sequential" | "classes" | "shades";
    readonly steps?: number;
  },
  palette: Palette,
): void {
  const { columns, rows, values, steps } = field;
  if (canvas.width !== columns) canvas.width = columns;
  if (canvas.height !== rows) canvas.height = rows;
  const context = canvas.getContext("2d");
  if (!context) return;
  const image = context.createImageData(columns, rows);
  const pixels = new Uint32Array(image.data.buffer);
  if (field.palette === "classes") {
    paintClasses(pixels, values, palette);
    context.putImageData(image, 0, 0);
    return;
  }
  const table = tableOf(field.palette === "shades" ? SHADES : palette[field.palette ?? "diverging"]);
  const [low, high] = field.range;
  const scale = high === low ? 0 : 1 / (high - low);
  for (let i = 0; i < pixels.length; i++) {
    let share = (values[i] - low) * scale;
    if (steps !== undefined) share = (Math.floor(share * steps) + 0.5) / steps;
    // No number has no colour.
    if (!Number.isNaN(share)) pixels[i] = table[share <= 0 ? 0 : share >= 1 ? 255 : Math.round(share * 255)];
  }
  context.putImageData(image, 0, 0);
}

/** Values of class + confidence: the colour of the class, the stronger the surer. */
function paintClasses(pixels: Uint32Array, values: ArrayLike<number>, palette: Palette): void {
  const paper = channelsOf(palette.paper);
  const classes = palette.series.map(channelsOf);
  for (let i = 0; i < pixels.length; i++) {
    const label = Math.floor(values[i]);
    if (!(label >= 0)) continue;
    const share = 0.15 + 0.6 * (values[i] - label);
    const [r, g, b] = classes[label % classes.length].map((value, k) =>
      Math.round(share * value + (1 - share) * paper[k]),
    );
    pixels[i] = (255 << 24) | (b << 16) | (g << 8) | r;
  }
}
