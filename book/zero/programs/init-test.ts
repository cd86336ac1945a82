// The numbers of the fourth part: the image and the filter of its animation, and the tensors of init_test with which its gradient check begins.
import { Random } from "../../random.ts";
import { Volume } from "../../volume.ts";
import { IdentityActivator } from "./activators.ts";
import { ConvLayer } from "./conv-layer.ts";

/** A list of rows, each a text of digits. */
const rowsOf = (text: string) => text.split("/").map((row) => [...row].map(Number));

/** The usual 5x5 image; the text shows it as a picture, and both sums that it prints fit. */
export const IMAGE = Volume.from([rowsOf("11100/01110/00111/00110/01100")]);
export const FILTER = Volume.from([rowsOf("101/010/101")]);

/** A filter without symmetry: convolution and correlation differ. */
export const SKEW_FILTER = Volume.from([
  [
    [1, 2, 0],
    [0, 1, 0],
    [0, 0, -1],
  ],
]);

/** `a` is the input, `b` the sensitivity map; 3 channels of 5x5, two filters of 3x3, padding 1, stride 2, rate 0.001. */
export function initTest(): { a: Volume; b: Volume; layer: ConvLayer } {
  const a = Volume.from([
    rowsOf("01102/22221/10020/01100/12002"),
    rowsOf("10220/00020/12121/10000/12111"),
    rowsOf("21200/10010/02101/01222/21001"),
  ]);
  const b = Volume.from([rowsOf("011/222/100"), rowsOf("102/000/121")]);
  const layer = new ConvLayer(5, 5, 3, 3, 3, 2, 1, 2, new IdentityActivator(), 0.001, new Random(0));
  const [first, second] = [
    [
      [
        [-1, 1, 0],
        [0, 1, 0],
        [0, 1, 1],
      ],
      [
        [-1, -1, 0],
        [0, 0, 0],
        [0, -1, 0],
      ],
      [
        [0, 0, -1],
        [0, 1, 0],
        [1, -1, -1],
      ],
    ],
    [
      [
        [1, 1, -1],
        [-1, -1, 1],
        [0, -1, 1],
      ],
      [
        [0, 1, 0],
        [-1, 0, -1],
        [-1, 1, 0],
      ],
      [
        [-1, 0, 0],
        [-1, 0, 1],
        [-1, 0, 0],
      ],
    ],
  ];
  layer.filters[0].setWeights(Volume.from(first), 1);
  layer.filters[1].setWeights(Volume.from(second), 0);
  return { a, b, layer };
}
