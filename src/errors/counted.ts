/** `1 machine`, `2 machines`: a number with its noun, for sentences. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : plural}`;
}

/** `is` or `are`, as the number asks. */
export function are(count: number): string {
  return count === 1 ? 'is' : 'are';
}
