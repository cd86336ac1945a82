// All operators, by domain and name.
import type { OperatorEntry, OperatorTable } from "../run/entry.ts";
import { attentions } from "./attention.ts";
import { casting } from "./casting.ts";
import { constants } from "./constants.ts";
import { control } from "./control.ts";
import { convolutions } from "./convolution.ts";
import { elementwise } from "./elementwise.ts";
import { functions } from "./functions.ts";
import { gathering } from "./gathering.ts";
import { losses } from "./losses.ts";
import { normalization } from "./normalization.ts";
import { pooling } from "./pooling.ts";
import { preprocessing } from "./preprocessing.ts";
import { products } from "./products.ts";
import { quantization } from "./quantization.ts";
import { randomness } from "./randomness.ts";
import { recurrentLayers } from "./recurrent.ts";
import { places, reductions } from "./reductions.ts";
import { resizing } from "./resizing.ts";
import { sampling } from "./sampling.ts";
import { shaping } from "./shaping.ts";
import { signals } from "./signals.ts";
import { texts } from "./texts.ts";
import { training } from "./training.ts";

const OWN: OperatorTable = {
  ...constants,
  ...casting,
  ...elementwise,
  ...functions,
  ...products,
  ...reductions,
  ...places,
  ...shaping,
  ...gathering,
  ...convolutions,
  ...pooling,
  ...normalization,
  ...recurrentLayers,
  ...attentions,
  ...resizing,
  ...sampling,
  ...losses,
  ...quantization,
  ...randomness,
  ...control,
  ...signals,
  ...texts,
};

const DOMAINS: Readonly<Record<string, OperatorTable>> = {
  "": OWN,
  "ai.onnx.ml": preprocessing,
  "ai.onnx.preview.training": training,
};

/** The implementation of an operator of a version; undefined where there is none. */
export function operatorOf(domain: string, name: string, version: number): OperatorEntry | undefined {
  const table = Object.hasOwn(DOMAINS, domain) ? DOMAINS[domain] : undefined;
  const found = table !== undefined && Object.hasOwn(table, name) ? table[name] : undefined;
  if (found === undefined) return undefined;
  const all = Array.isArray(found) ? (found as readonly OperatorEntry[]) : [found as OperatorEntry];
  return all.find(({ since, until }) => version >= since && version <= until);
}
