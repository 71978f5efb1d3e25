/** The setting of NODE_OPTIONS that lets every Node process of a machine load this module first. */
export function preloading(path: string): string {
  return `--require="${path.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
