// The files beside an ONNX file in which a large model keeps its weights.
import { refuseLfsPointer } from "../../data/lfs.ts";
import { bytesOfFile, fields } from "../../engine/checks.ts";
import { quote } from "../../engine/quote.ts";
import type { ExternalData } from "./onnx-tensor.ts";

/** What reading an ONNX file may need to be told. */
export interface OnnxReadOptions {
  /** What to call the file in errors; default "ONNX model". */
  name?: string;
  /** The files in which a large model keeps its weights, by the names that the model has for them. */
  externalData?: Readonly<Record<string, Uint8Array>>;
}

/** Finds the further files of the ONNX file `name`; undefined where none are given. */
export function furtherFiles(
  owner: string,
  name: string,
  externalData: OnnxReadOptions["externalData"] = {},
): ExternalData | undefined {
  fields(owner, "externalData", externalData);
  if (Object.keys(externalData).length === 0) return undefined;
  return (location) => {
    if (!Object.hasOwn(externalData, location)) {
      throw new Error(
        `${name}: needs the file ${quote(location)}, and externalData has ${Object.keys(externalData).map(quote).join(", ")}`,
      );
    }
    const bytes = bytesOfFile(`${owner}: externalData`, externalData[location]);
    refuseLfsPointer(`${name}: ${location}`, bytes);
    return bytes;
  };
}
