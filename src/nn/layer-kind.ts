// How a layer comes back from its configuration, which may come from a file: each kind says what its settings must be, and all of them are looked
// at before anything is made of them.
import { finite, flag, integer, notNegative, oneOf, positive, share, whole } from "../engine/checks.ts";
import { quote } from "../engine/quote.ts";
import { ACTIVATIONS, type ActivationName } from "./activations.ts";
import type { BaseLayer, LayerConfig } from "./base-layer.ts";
import { type Constraint, checkConstraint } from "./constraints.ts";
import { INITIALISERS, type InitialiserName } from "./initialisers.ts";
import { checkPenalty, type Penalty } from "./penalties.ts";

/** Returns the setting, or throws an error that begins with the owner and names the setting. */
export type Check = (owner: string, name: string, value: unknown) => unknown;

/** Makes a layer from its configuration: what layers that hold others are given. */
export type LayerMaker = (config: LayerConfig, owner: string) => BaseLayer;

/** A kind of layer. */
export interface LayerKind {
  readonly type: string;
  /** What each of its settings must be; others it has not. Null: the maker looks at them. */
  readonly settings: Readonly<Record<string, Check>> | null;
  make(config: LayerConfig, makeLayer: LayerMaker): BaseLayer;
}

/** A setting that may be left out: the layer has a default. */
export const optional =
  (check: Check): Check =>
  (owner, name, value) =>
    value === undefined ? value : check(owner, name, value);

/** A setting that may be null. */
export const nullable =
  (check: Check): Check =>
  (owner, name, value) =>
    value === null ? value : check(owner, name, value);

/** One of a few names or numbers. */
export const among =
  <Name extends string | number>(...names: readonly Name[]): Check =>
  (owner, name, value) =>
    oneOf(owner, name, value as Name, names);

/** Whole numbers from `least` on. */
export const wholeFrom =
  (least: number): Check =>
  (owner, name, value) =>
    whole(owner, name, value as number, least);

/** A list, of which every element is looked at. */
export const listOf =
  (check: Check): Check =>
  (owner, name, value) => {
    if (!Array.isArray(value)) throw new TypeError(`${owner}: ${name} must be an array, got ${quote(value)}`);
    return value.map((element, i) => check(owner, `${name}[${i}]`, element));
  };

/** What one of several checks takes; the last one says what is wrong. */
export const either =
  (...checks: readonly Check[]): Check =>
  (owner, name, value) => {
    for (const check of checks.slice(0, -1)) {
      try {
        return check(owner, name, value);
      } catch {
        // The next may take it.
      }
    }
    return checks.at(-1)!(owner, name, value);
  };

/** The checks of settings that many layers have. */
export const is = {
  activation: among<ActivationName>(...ACTIVATIONS),
  /** 1, 2, ... */
  count: wholeFrom(1),
  flag: flag as Check,
  integer: integer as Check,
  finite: finite as Check,
  notNegative: notNegative as Check,
  positive: positive as Check,
  /** From 0 up to, but not including, 1. */
  share: share as Check,
  /** An initialiser by name; a function can't be saved. */
  initialiser: among<InitialiserName>(...INITIALISERS),
  penalty: ((owner, _name, value) => checkPenalty(owner, value as Penalty)) as Check,
  constraint: ((owner, _name, value) => checkConstraint(owner, value as Constraint)) as Check,
} as const;
