// A grid of small images with captions: digits, feature maps, the weights of neurons.
import type { ImageColours, ImagesChart, Language, Numbers, SmallImage } from "./chart.ts";
import { say, valueAt } from "./chart.ts";
import type { Canvas, Drawing } from "./frame.ts";
import { drawHeading } from "./frame.ts";
import { base64, short, shorten, svgText, wrapText } from "./markup.ts";
import { indexedPng, samplePng } from "./png-bytes.ts";
import type { Box } from "./readout.ts";
import { channelsOf, palettes } from "./theme.ts";

/** Side of an image under the pointer. */
const ENLARGED = 196;

/** Least and largest finite number of what is drawn on one scale. */
interface Range {
  readonly least: number;
  readonly largest: number;
}

/** That of all numbers in the lists; 0 to 0 where there are none. */
export function rangeOf(lists: readonly Numbers[]): Range {
  let least = Number.POSITIVE_INFINITY;
  let largest = Number.NEGATIVE_INFINITY;
  for (const list of lists) {
    for (let i = 0; i < list.length; i++) {
      const value = valueAt(list, i);
      if (value < least) least = value;
      if (value > largest) largest = value;
    }
  }
  return least <= largest ? { least, largest } : { least: 0, largest: 0 };
}

/** Pixels as a PNG `data:` address. `"ink"` is drawn dark on light, unless `darkPaper`. */
export function imageAddress(
  image: SmallImage,
  colours: ImageColours = "grey",
  darkPaper = false,
  range: Range = rangeOf([image.pixels]),
): string {
  const { width, height, pixels } = image;
  return `data:image/png;base64,${base64(pngOf())}`;

  function pngOf(): Uint8Array {
    if (colours === "diverging") return divergingPng(width, height, pixels, range, 255);
    if (colours === "shades") return samplePng(width, height, 1, shadesOf(pixels, range));
    const bytes = Uint8Array.from({ length: pixels.length }, (_, i) => {
      const value = valueAt(pixels, i);
      return Number.isNaN(value) ? 0 : Math.min(255, Math.max(0, Math.round(value)));
    });
    if (colours === "rgb") return samplePng(width, height, 3, bytes);
    return samplePng(width, height, 1, colours === "ink" && !darkPaper ? bytes.map((byte) => 255 - byte) : bytes);
  }
}

/** The smallest number 255, white, the largest 0, black; gaps, and numbers that are all alike, in the middle. */
function shadesOf(pixels: Numbers, { least, largest }: Range): Uint8Array {
  const spread = largest - least;
  return Uint8Array.from({ length: pixels.length }, (_, i) => {
    const value = valueAt(pixels, i);
    return Number.isNaN(value) || spread === 0 ? 128 : Math.round((255 * (largest - value)) / spread);
  });
}

/** Blue below zero, orange above, and nothing but paper at zero: half-transparent, it serves light and dark paper. `most` is the largest opacity. */
function divergingPng(
  width: number,
  height: number,
  pixels: Numbers,
  { least, largest }: Range,
  most: number,
): Uint8Array {
  const steps = 31;
  const blue = channelsOf("#2a78bf");
  const orange = channelsOf("#d4682a");
  const middle = steps;
  const colours = Array.from({ length: 2 * steps + 1 }, (_, i) => {
    const strength = Math.abs(i - middle) / steps;
    return [...(i < middle ? blue : orange), Math.round(most * strength)];
  });
  const magnitude = Math.max(Math.abs(least), Math.abs(largest)) || 1;
  const indices = Uint8Array.from({ length: pixels.length }, (_, i) => {
    const share = (valueAt(pixels, i) || 0) / magnitude;
    return middle + Math.round(share * steps);
  });
  return indexedPng(width, height, indices, colours);
}

/** An overlay leaves what it lies on to be seen. */
const OVERLAY_OPACITY = 215;

/** Letters in a picture's corners, with a rim of paper about them. */
function corner(
  canvas: Canvas,
  text: string,
  colour: string,
  right: number,
  y: number,
  size: number,
  room: number,
): string {
  const style = { fill: colour, size, weight: 700, anchor: "end" } as const;
  const letters = svgText(shorten(text, size, room), right, y, style);
  const rim = `stroke="${canvas.palette.paper}" stroke-width="${short(size / 4)}" stroke-linejoin="round" paint-order="stroke"`;
  return letters.replace("<text ", `<text ${rim} `);
}

export function drawImages(canvas: Canvas, chart: ImagesChart): Drawing {
  const { palette, language } = canvas;
  const heading = drawHeading(canvas, { title: say(chart.title, language) });
  const count = chart.images.length;
  const columns = Math.min(count, chart.columns ?? Math.max(1, Math.min(10, Math.floor(canvas.width / 64))));
  const gap = canvas.width / columns < 40 ? 4 : 10;
  const cell = Math.min(160, (canvas.width - gap * (columns - 1)) / columns);
  // A caption that stands alone in its row speaks of the row, and may be longer than its image is wide.
  const speaksOfRow = (index: number): boolean =>
    index % columns === 0 &&
    chart.images.slice(index + 1, index + columns).every(({ caption }) => caption === undefined);
  const captions = chart.images.map((image, index) =>
    wrapText(say(image.caption, language), 11, speaksOfRow(index) ? canvas.width : cell, 2),
  );
  const coloursOf = (image: SmallImage): ImageColours | undefined => image.colours ?? chart.colours;
  const scaled = (image: SmallImage): boolean => ["diverging", "shades"].includes(coloursOf(image) ?? "");
  const common = chart.scale === "all";
  const whole = common ? rangeOf(chart.images.filter(scaled).map(({ pixels }) => pixels)) : undefined;
  const overlays = chart.images.map(({ overlay }) => overlay).filter((overlay) => overlay !== undefined);
  const overAll = common && overlays.length > 0 ? rangeOf(overlays) : undefined;
  const parts: string[] = [heading.markup];
  const places: Box[] = [];
  let y = heading.bottom + (heading.bottom > 0 ? 4 : 0);
  for (let first = 0; first < count; first += columns) {
    const row = Array.from({ length: Math.min(columns, count - first) }, (_, i) => first + i);
    const tallest = Math.max(...row.map((index) => (cell * chart.images[index].height) / chart.images[index].width));
    const lines = Math.max(...row.map((index) => captions[index].length));
    row.forEach((index, column) => {
      const image = chart.images[index];
      const colours = coloursOf(image);
      const x = column * (cell + gap);
      const height = (cell * image.height) / image.width;
      const top = y + (tallest - height) / 2;
      const place = `x="${short(x)}" y="${short(top)}" width="${short(cell)}" height="${short(height)}"`;
      const pixelated = 'style="image-rendering:pixelated" preserveAspectRatio="none"';
      const inverts = colours === "ink" && palette === palettes.page ? ' class="ink"' : "";
      const range = scaled(image) ? whole : undefined;
      const address = imageAddress(image, colours, palette === palettes.dark, range);
      places.push({ left: x, top, width: cell, height });
      parts.push(`<image ${place} ${pixelated}${inverts} href="${address}"/>`);
      if (image.overlay !== undefined) {
        const over = divergingPng(
          image.width,
          image.height,
          image.overlay,
          overAll ?? rangeOf([image.overlay]),
          OVERLAY_OPACITY,
        );
        parts.push(`<image data-over="" ${place} ${pixelated} href="data:image/png;base64,${base64(over)}"/>`);
      }
      parts.push(`<rect ${place} fill="none" stroke="${palette.grid}"/>`);
      const size = Math.max(9, Math.min(16, cell / 5));
      const [right, room] = [x + cell - size / 4, cell - size / 2];
      const [label, answer] = [say(image.topRight, language), say(image.bottomRight, language)];
      if (label !== "") parts.push(corner(canvas, label, palette.series[2], right, top + size, size, room));
      if (answer !== "")
        parts.push(corner(canvas, answer, palette.series[1], right, top + height - size / 4, size, room));
      captions[index].forEach((line, k) => {
        const alone = columns > 1 && speaksOfRow(index);
        const text = { fill: palette.muted, size: 11, anchor: alone ? "start" : "middle" } as const;
        parts.push(svgText(line, alone ? x : x + cell / 2, y + tallest + 14 + 14 * k, text));
      });
    });
    y += tallest + lines * 14 + gap + (lines > 0 ? 4 : 0);
  }
  const height = y - gap + 1;
  const readout = {
    kind: "images",
    box: { left: 0, top: 0, width: canvas.width, height },
    names: chart.images.map((image) => nameOf(image, language)),
    places,
    enlarged: Math.min(ENLARGED, canvas.width, height),
  } as const;
  return { markup: parts.filter((part) => part !== "").join("\n"), height, readout };
}

/** What the read-out says of an image: its caption, and its corners. */
function nameOf({ caption, topRight, bottomRight }: SmallImage, language: Language): string {
  const [label, answer] = [say(topRight, language), say(bottomRight, language)];
  const corners = answer === "" ? label : label === "" ? answer : `${label} → ${answer}`;
  return [say(caption, language), corners].filter((part) => part !== "").join(": ");
}
