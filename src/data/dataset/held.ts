// Who owns an element's tensors on its way through a pipeline: the element itself, by a scope that nobody runs in. Whoever takes the element over
// ends it when it is done with it, so that memory is given back at once and not when the garbage is collected.
import { bequeath, endScope, runInScope, Scope, type Storage } from "../../engine/storage.ts";
import { forEachTensor, keep } from "../../tensor/tensor.ts";

/** What a batch is a part of: `rows` rows, from number `start` on. */
export interface BatchShare {
  readonly start: number;
  readonly rows: number;
}

/** An element and the scope of its tensors; null where it has none of its own. */
export interface Held<T> {
  readonly value: T;
  readonly scope: Scope | null;
  /** Of a batch that was made in part: see `Stage.share`. */
  readonly share?: BatchShare;
}

/** An element that owns nothing: a value of the user's, or a window on memory that others own. */
export function borrowed<T>(value: T): Held<T> {
  return { value, scope: null };
}

/** What `make` returns, with the tensors made for it; everything else that it made is freed. */
export function hold<T>(make: () => T): Held<T> {
  const scope = new Scope(null);
  const value = runInScope(make, storagesIn, scope);
  return { value, scope };
}

/**
 * What `change` makes of an element, which ends; what both share lives on. An element is freed also where `change` throws. What an asynchronous
 * function makes before it first waits is freed when it has finished, too; what it makes later is left to the garbage collector.
 */
export function transform<T, U>(element: Held<T>, change: (value: T) => U | Promise<U>): Held<U> | Promise<Held<U>> {
  const made = new Scope(null);
  let result: U | Promise<U>;
  try {
    result = runInScope(
      () => change(element.value),
      (value, scope) => (isPromise(value) ? [...scope.storages] : storagesIn(value)),
      made,
    );
  } catch (error) {
    end(element);
    throw error;
  }
  if (!isPromise(result)) return settle(element, made, result);
  return result.then(
    (value) => settle(element, made, value),
    (error: unknown) => {
      endScope(made);
      end(element);
      throw error;
    },
  );
}

/** The result with what it holds of an element and of what was made on the way to it; the rest ends. */
function settle<U>(element: Held<unknown>, made: Scope, value: U): Held<U> {
  const scope = new Scope(null);
  for (const storage of storagesIn(value)) {
    bequeath(storage, made, scope);
    if (element.scope !== null) bequeath(storage, element.scope, scope);
  }
  endScope(made);
  end(element);
  return { value, scope };
}

function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

/** A value made of several elements, which owns all that they own. */
export function merged<T>(elements: readonly Held<unknown>[], value: T): Held<T> {
  const scope = new Scope(null);
  for (const element of elements) {
    if (element.scope === null) continue;
    for (const storage of [...element.scope.storages]) bequeath(storage, element.scope, scope);
    end(element);
  }
  return { value, scope };
}

/** Frees the element's own tensors, but for those that were kept. */
export function end(element: Held<unknown>): void {
  if (element.scope !== null) endScope(element.scope);
}

/** The element for the user: it lives as long as something refers to it. */
export function handOver<T>(element: Held<T>): T {
  if (element.scope !== null) {
    keep(element.value);
    endScope(element.scope);
  }
  return element.value;
}

/** The storages of all tensors in a value. */
export function storagesIn(value: unknown): Storage[] {
  const storages: Storage[] = [];
  forEachTensor(value, (x) => storages.push(x.storage));
  return storages;
}
