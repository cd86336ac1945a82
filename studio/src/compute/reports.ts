// In a worker: what a function reports while it runs, as a stream that a page takes value by value.

/**
 * `run` calls `report` with each value; it is answered true when nobody listens any more, so that `run` can stop early. Values that come faster
 * than they are taken wait in order.
 */
export async function* reports<T>(run: (report: (value: T) => boolean) => Promise<unknown>): AsyncGenerator<T, void> {
  const values: T[] = [];
  let over = false;
  let done = false;
  let failure: { readonly error: unknown } | undefined;
  let wake: (() => void) | undefined;
  const finish = (): void => {
    done = true;
    wake?.();
  };
  void run((value) => {
    values.push(value);
    wake?.();
    return over;
  }).then(finish, (error: unknown) => {
    failure = { error };
    finish();
  });
  try {
    for (;;) {
      const value = values.shift();
      if (value !== undefined) yield value;
      else if (done) break;
      else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
    if (failure !== undefined) throw failure.error;
  } finally {
    over = true;
  }
}
