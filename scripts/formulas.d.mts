/** A formula in a text, from `start` to before `end`. */
export interface Formula {
  start: number;
  end: number;
  mathml: string;
  variables: ReadonlySet<string>;
}

export function findFormulas(text: string): Formula[];
export function setFormulas(texts: readonly string[]): string[];
