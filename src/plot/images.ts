// A grid of small images with captions: digits, feature maps, the weights of neurons.
import type { ImagesChart, SmallImage } from "./chart.ts";
import { say, valueAt } from "./chart.ts";
import type { Canvas, Drawing } from "./frame.ts";
import { drawHeading } from "./frame.ts";
import { base64, short, svgText, wrapText } from "./markup.ts";
import { indexedPng, samplePng } from "./png-bytes.ts";
import type { Box } from "./readout.ts";
import { channelsOf, palettes } from "./theme.ts";

/** Side of an image under the pointer. */
const ENLARGED = 196;

/** Pixels as a PNG `data:` address. `"ink"` is drawn dark on light, unless `darkPaper`. */
export function imageAddress(image: SmallImage, colours: ImagesChart["colours"] = "grey", darkPaper = false): string {
  const { width, height, pixels } = image;
  const bytes = Uint8Array.from({ length: pixels.length }, (_, i) => {
    const value = valueAt(pixels, i);
    return Number.isNaN(value) ? 0 : Math.min(255, Math.max(0, Math.round(value)));
  });
  const png =
    colours === "diverging"
      ? divergingPng(image)
      : colours === "rgb"
        ? samplePng(width, height, 3, bytes)
        : samplePng(width, height, 1, colours === "ink" && !darkPaper ? bytes.map((byte) => 255 - byte) : bytes);
  return `data:image/png;base64,${base64(png)}`;
}

/** Blue below zero, orange above, and nothing but paper at zero: half-transparent, it serves light and dark paper. */
function divergingPng(image: SmallImage): Uint8Array {
  const steps = 31;
  const blue = channelsOf("#2a78bf");
  const orange = channelsOf("#d4682a");
  const middle = steps;
  const colours = Array.from({ length: 2 * steps + 1 }, (_, i) => {
    const strength = Math.abs(i - middle) / steps;
    return [...(i < middle ? blue : orange), Math.round(255 * strength)];
  });
  let largest = 0;
  for (let i = 0; i < image.pixels.length; i++) largest = Math.max(largest, Math.abs(valueAt(image.pixels, i)) || 0);
  const indices = Uint8Array.from({ length: image.pixels.length }, (_, i) => {
    const share = (valueAt(image.pixels, i) || 0) / (largest || 1);
    return middle + Math.round(share * steps);
  });
  return indexedPng(image.width, image.height, indices, colours);
}

export function drawImages(canvas: Canvas, chart: ImagesChart): Drawing {
  const { palette, language } = canvas;
  const heading = drawHeading(canvas, { title: say(chart.title, language) });
  const count = chart.images.length;
  const columns = Math.min(count, chart.columns ?? Math.max(1, Math.min(10, Math.floor(canvas.width / 64))));
  const gap = 10;
  const cell = Math.min(160, (canvas.width - gap * (columns - 1)) / columns);
  const captions = chart.images.map((image) => wrapText(say(image.caption, language), 11, cell, 2));
  const ink = chart.colours === "ink";
  const style = `style="image-rendering:pixelated" preserveAspectRatio="none"${ink && palette === palettes.page ? ' class="ink"' : ""}`;
  const parts: string[] = [heading.markup];
  const places: Box[] = [];
  let y = heading.bottom + (heading.bottom > 0 ? 4 : 0);
  for (let first = 0; first < count; first += columns) {
    const row = Array.from({ length: Math.min(columns, count - first) }, (_, i) => first + i);
    const tallest = Math.max(...row.map((index) => (cell * chart.images[index].height) / chart.images[index].width));
    const lines = Math.max(...row.map((index) => captions[index].length));
    row.forEach((index, column) => {
      const image = chart.images[index];
      const x = column * (cell + gap);
      const height = (cell * image.height) / image.width;
      const top = y + (tallest - height) / 2;
      const place = `x="${short(x)}" y="${short(top)}" width="${short(cell)}" height="${short(height)}"`;
      const address = imageAddress(image, chart.colours, palette === palettes.dark);
      places.push({ left: x, top, width: cell, height });
      parts.push(`<image ${place} ${style} href="${address}"/>`);
      parts.push(`<rect ${place} fill="none" stroke="${palette.grid}"/>`);
      captions[index].forEach((line, k) => {
        const text = { fill: palette.muted, size: 11, anchor: "middle" } as const;
        parts.push(svgText(line, x + cell / 2, y + tallest + 14 + 14 * k, text));
      });
    });
    y += tallest + lines * 14 + gap + (lines > 0 ? 4 : 0);
  }
  const height = y - gap + 1;
  const readout = {
    kind: "images",
    box: { left: 0, top: 0, width: canvas.width, height },
    names: chart.images.map((image) => say(image.caption, language)),
    places,
    enlarged: Math.min(ENLARGED, canvas.width, height),
  } as const;
  return { markup: parts.filter((part) => part !== "").join("\n"), height, readout };
}
