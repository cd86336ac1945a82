// `calc_delta_k` as part 5 lists it, to show what it gives: right for the text's own check of two steps with the identity, wrong from three on.
import { Matrix } from "../../matrix.ts";
import { RecurrentLayer } from "./rnn.ts";

export class PrintedRecurrentLayer extends RecurrentLayer {
  override calcDeltaK(k: number): void {
    const state = this.stateList[k + 1];
    // The derivative goes into the list of states, and the state itself into the product.
    this.stateList[k + 1] = state.map((value) => this.activator.backward(value));
    const product = this.deltaList[k + 1].transposed.dot(this.W);
    const diagonal = Matrix.fill(this.stateWidth, this.stateWidth, (i, j) => (i === j ? state.values[i] : 0));
    this.deltaList[k] = product.dot(diagonal).transposed;
  }
}
