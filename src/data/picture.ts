// A picture in memory, as files are read into it and as a page draws it.
import { fields } from "../engine/checks.ts";
import { quote } from "../engine/quote.ts";

/** A picture in memory: 1 (grey), 2 (grey, alpha), 3 (RGB) or 4 (RGBA) bytes a pixel, row by row from the top left. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Uint8Array | Uint8ClampedArray;
}

/** @throws if size, channels and data do not agree. */
export function checkPicture(owner: string, picture: Picture): Picture {
  const { width, height, channels, data } = fields(owner, "the picture, { width, height, channels, data },", picture);
  if (!Number.isInteger(width) || !Number.isInteger(height) || width < 1 || height < 1) {
    throw new Error(`${owner}: a picture of ${quote(width)}x${quote(height)} pixels has no content`);
  }
  if (channels !== 1 && channels !== 2 && channels !== 3 && channels !== 4) {
    throw new Error(
      `${owner}: ${quote(channels)} channels; a picture has 1 (grey), 2 (grey, alpha), 3 (RGB) or 4 (RGBA)`,
    );
  }
  if (!(data instanceof Uint8Array || data instanceof Uint8ClampedArray)) {
    throw new TypeError(`${owner}: data must be the pixels' bytes, a Uint8Array, got ${quote(data)}`);
  }
  if (data.length !== width * height * channels) {
    throw new Error(
      `${owner}: ${width}x${height} pixels of ${channels} channels take ${width * height * channels} bytes, but there are ${data.length}`,
    );
  }
  return { width, height, channels, data };
}
