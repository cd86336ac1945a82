// Property tests draw the same cases in every run, so that a green tree stays green; NABLA_PROPERTY_SEED draws others, to look for more.
import fc from "fast-check";

const named = process.env["NABLA_PROPERTY_SEED"];

fc.configureGlobal({ seed: named === undefined ? 1 : Number(named) });
