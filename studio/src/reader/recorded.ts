// A figure of the guide as it was recorded: an SVG of src/plot in light colours. On a page it takes the colours of the page, which are the same palette.
import { palettes } from "../../../src/plot/theme.ts";

const VARIABLES = new Map<string, string>();
for (const [role, colour] of Object.entries(palettes.light)) {
  const variable = palettes.page[role as keyof typeof palettes.page];
  if (typeof colour === "string") VARIABLES.set(colour, variable as string);
  else (colour as readonly string[]).forEach((each, i) => void VARIABLES.set(each, variable[i]));
}
// Paper and what stands on strong colours are both white in light; most that is white is paper.
VARIABLES.set(palettes.light.paper, palettes.page.paper);

const TITLE = /<text x="0" y="16" font-size="15" font-weight="600"[^>]*>([^<]*)<\/text>/;
/** Pixels that a title takes. */
export const TITLE_HEIGHT = 26;

/** Pixels of the smallest letters that a drawing has, as large as it was drawn. */
export function smallestLetters(svg: string): number {
  const sizes = [...svg.matchAll(/<text\b[^>]* font-size="([\d.]+)"/g)].map(([, size]) => Number(size));
  return Math.min(Infinity, ...sizes);
}

/** How many pixels a letter needs where there is so much room: a phone is small, and what it shows is. */
const legible = (room: number): number => (room < 560 ? 10 : 7.5);

/** How wide a drawing has to be for its letters to be read; 0 where it can be as narrow as the room. */
export function leastWidth({ width, letters }: { width: number; letters: number }, room: number): number {
  const least = Math.min(width, Math.ceil((width * legible(room)) / letters));
  return least > room ? least : 0;
}

/** The title above a drawing, as it stands there: escaped. */
export function titleIn(svg: string): string | undefined {
  return TITLE.exec(svg)?.[1];
}

/** For a place that says the same: the drawing from below its title on. */
export function withoutTitle(svg: string): string {
  const lower = (_: string, width: string, height: string): string =>
    `viewBox="0 ${TITLE_HEIGHT} ${width} ${Number(height) - TITLE_HEIGHT}"`;
  return svg.replace(TITLE, "").replace(/viewBox="0 0 ([\d.]+) ([\d.]+)"/, lower);
}

/** The drawing without its paper, in colours and the language of the page, with ids that no other figure has. */
export function onPage(svg: string, id: string, phrases: Readonly<Record<string, string>> = {}): string {
  const said = (text: string): string => (Object.hasOwn(phrases, text) ? escaped(phrases[text]) : text);
  return svg
    .replace(/(<text\b[^>]*>)([^<]*)(?=<\/text>)/g, (_, tag: string, text: string) => tag + said(text))
    .replace(/( aria-label=")([^"]*)/, (_, name: string, text: string) => name + said(text))
    .replace(/<rect width="[\d.]+" height="[\d.]+" fill="#ffffff"\/>/, "")
    .replace(/^<svg [^>]*?width="[\d.]+" height="[\d.]+"/, (tag) => tag.replace(/ width="[\d.]+" height="[\d.]+"/, ""))
    .replace(/#[0-9a-f]{6}(?=")/g, (colour) => VARIABLES.get(colour) ?? colour)
    .replace(/(id="|url\(#|href="#)chart/g, `$1${id}`);
}

const escaped = (text: string): string => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/"/g, "&quot;");

const texts = new Map<string, Promise<string>>();

/** The file, once. */
export function recordedFigure(address: string): Promise<string> {
  let text = texts.get(address);
  if (text === undefined) {
    text = fetch(address).then((reply) => {
      if (!reply.ok) throw new Error(`${address}: ${reply.status}`);
      return reply.text();
    });
    text.catch(() => texts.delete(address));
    texts.set(address, text);
  }
  return text;
}
