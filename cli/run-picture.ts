// A picture of the user's as a run's network takes it.
import { existsSync, statSync } from "node:fs";
import { fitAsMnist } from "../src/data/fit-image.ts";
import { readImageFile } from "../src/data/image-file.node.ts";
import { resizePlanes, toPlanes } from "../src/data/planes.ts";
import { UserError } from "./errors.ts";
import type { LoadedRun, PictureShape } from "./run-model.ts";

/** How a picture is brought to the network's input: as MNIST was made, or the whole of it in another size. */
export const FITS = ["digit", "resize"] as const;
/** One of them. */
export type Fitting = (typeof FITS)[number];

const isDigit = ([channels, height, width]: PictureShape): boolean => channels === 1 && height === 28 && width === 28;

/**
 * How pictures for this run are read: as was asked for, or as fits.
 * @throws UserError if digits are asked for, and the network takes other pictures than 28 by 28 in grey.
 */
export function fitOf({ picture, classNames }: Pick<LoadedRun, "picture" | "classNames">, asked?: Fitting): Fitting {
  if (asked === "digit" && !isDigit(picture)) {
    throw new UserError(
      `--fit digit makes pictures of 1 x 28 x 28, and the run's network takes ${picture.join(" x ")}; leave it out, or say --fit resize`,
    );
  }
  return asked ?? (isDigit(picture) && classNames === undefined ? "digit" : "resize");
}

/** What is done with pictures that are resized, in a sentence. */
export function saidOfFit({ picture: [channels, height, width] }: Pick<LoadedRun, "picture">): string {
  const colour = channels === 1 ? "in grey" : "in colour";
  return `pictures are brought to ${width} x ${height} pixels (width x height) ${colour}, as the network takes them`;
}

/**
 * The numbers of a picture file as the network takes them, from 0 to 1: channels, rows, columns.
 * @throws UserError naming the file.
 */
export async function readPicture(image: string, picture: PictureShape, fit: Fitting): Promise<Float32Array> {
  if (existsSync(image) && statSync(image).isDirectory())
    throw new UserError(`${image} is a folder; give picture files`);
  try {
    const read = await readImageFile(image);
    if (fit === "digit") return fitAsMnist(read);
    const [channels, height, width] = picture;
    if (channels !== 1 && channels !== 3) throw new Error(`the network takes pictures of ${channels} channels`);
    const planes = resizePlanes(toPlanes(read, channels), channels, read.height, read.width, height, width);
    return Float32Array.from(planes, (byte) => byte / 255);
  } catch (error) {
    const message = (error as Error).message;
    throw new UserError(message.includes(image) ? message : `${image}: ${message}`, { cause: error });
  }
}
