// The families of this room against the oracle.
import { describeGolden } from "../../test/golden.ts";
import { goldenRunners } from "../../test/golden-runners.ts";

describeGolden("elementwise", goldenRunners.elementwise);
describeGolden("reduce", goldenRunners.reduce);
describeGolden("linalg", goldenRunners.linalg);
describeGolden("loss", goldenRunners.loss);
