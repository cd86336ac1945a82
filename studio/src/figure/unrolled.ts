// A step of a recurrent network as `UnrolledView` draws it.

export interface TimeStep {
  /** Which network it belongs to, from 0. */
  readonly network: number;
  readonly input: string;
  readonly output: string;
  /** Units' values, within ±1. */
  readonly state: readonly number[];
  /** What the step does, for those who do not see it. */
  readonly spoken: string;
}
