// The backward pass as part 6 lists it, to show what it gives. No error goes back through the cell; the gradients of the inputs' weights are those of
// the last step alone; b_i and b_o get the forget gate's deltas. (Its `update` names gradients that do not exist, and so ends with an error.)
import { Matrix } from "../../matrix.ts";
import { GATES, LstmLayer } from "./lstm.ts";
import { addOuter, addTo } from "./through-time.ts";

export class PrintedLstmLayer extends LstmLayer {
  override calcDeltaK(k: number): void {
    super.calcDeltaK(k);
    this.deltaCList[k - 1] = new Matrix(this.stateWidth, 1);
  }

  override calcGradientT(t: number): void {
    for (const name of GATES) {
      const { WhGrad, WxGrad, bGrad } = this.gates[name];
      addOuter(WhGrad, this.deltaLists[name][t], this.hList[t - 1]);
      if (t === this.times) addOuter(WxGrad, this.deltaLists[name][t], this.inputList[t - 1]);
      addTo(bGrad, this.deltaLists[name === "c" ? "c" : "f"][t]);
    }
  }
}
