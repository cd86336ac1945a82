// Why a side does not take part.

/** The job can't be done by this side; the message says why. */
export class Cannot extends Error {}
/** This side is not on this machine; the message says what to install. */
export class Missing extends Error {}
