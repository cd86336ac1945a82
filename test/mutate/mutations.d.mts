export interface Mutation {
  /** Unique: what `--only` takes. */
  readonly id: string;
  /** From the repository's root. */
  readonly file: string;
  /** Text that stands in the file exactly once, and what takes its place. */
  readonly from: string;
  readonly to: string;
  /** What is broken by it. */
  readonly why: string;
  /** Experiments that must notice, each of them. */
  readonly experiments: readonly string[];
  /** In which form; default "quick". */
  readonly form?: "quick" | "full";
  /** Belongs to the subset that continuous integration runs. */
  readonly ci?: boolean;
}

export const MUTATIONS: readonly Mutation[];
