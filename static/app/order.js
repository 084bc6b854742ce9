// The position of an object in a manual order: a key between those of its neighbours.
import { generateKeyBetween, generateNKeysBetween } from "fractional-indexing";

/** @typedef {{id: string, position: string}} Placed */

/** Sorts as the server does: by the bytes of the position, then by id. @param {Placed} a @param {Placed} b */
export function byPlace(a, b) {
  if (a.position !== b.position) return a.position < b.position ? -1 : 1;
  return a.id < b.id ? -1 : 1;
}

/**
 * Positions for some objects between two neighbours, in order; null is an end.
 * Neighbours with the same position leave no room; then the new ones are before both.
 * @param {string | null} before
 * @param {string | null} after
 * @param {number} amount
 */
export function places(before, after, amount = 1) {
  const low = before !== null && after !== null && before >= after ? null : before;
  return generateNKeysBetween(low, after, amount);
}

/**
 * @param {Placed[]} sorted
 * @param {number} amount
 */
export function placesInFront(sorted, amount = 1) {
  return places(null, sorted[0]?.position ?? null, amount);
}

/** @param {Placed[]} sorted */
export function placeBehind(sorted) {
  return generateKeyBetween(sorted.at(-1)?.position ?? null, null);
}
