/** Limits of the tracker's API that do not depend on its messages. */

/** Bytes of the body of a request. */
export const maxBodyBytes = 64 * 1024
