export function fuzzCalls(options: {
  n: number;
  seed: number;
  report: (failure: string) => void;
  only?: number;
}): Promise<{ functions: number; methods: number; examples: number } | undefined>;
