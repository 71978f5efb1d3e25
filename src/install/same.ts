/**
 * True when `found` already says everything that `wanted` says. Octopus adds properties of its own to what it stores, and leaves out or fills in
 * empty ones, so those are not differences; lists must have the same items in the same order.
 */
export function says(found: unknown, wanted: unknown): boolean {
  if (isEmpty(wanted)) return isEmpty(found);
  if (Array.isArray(wanted)) return Array.isArray(found) && found.length === wanted.length && wanted.every((item, index) => says(found[index], item));
  if (typeof wanted === 'object') {
    return typeof found === 'object' && found !== null && Object.entries(wanted as object).every(([name, value]) => says((found as Record<string, unknown>)[name], value));
  }
  return found === wanted;
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined || value === '') return true;
  if (typeof value !== 'object') return false;
  return Array.isArray(value) ? value.length === 0 : Object.values(value).every(isEmpty);
}
