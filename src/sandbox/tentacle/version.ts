/**
 * What an old Tentacle lacks. Only the limit of `update-trust` is documented (tentacle-trust.md section 2); the pages of 3.12 show the
 * old output of show-thumbprint and know nothing of --export-pfx, so all of 3.x counts as old in both; --from-base64 came in May 2024.
 */
export function capabilitiesOf(version: string): { exportsPfx: boolean; printsBareThumbprint: boolean; importsBase64: boolean; updatesTrust: boolean } {
  return { exportsPfx: isAtLeast(version, 4), printsBareThumbprint: isAtLeast(version, 4), importsBase64: isAtLeast(version, 8, 1), updatesTrust: isAtLeast(version, 3, 24) };
}

function isAtLeast(version: string, major: number, minor = 0): boolean {
  const [ownMajor = 0, ownMinor = 0] = version.split('.').map(Number);
  return ownMajor > major || (ownMajor === major && ownMinor >= minor);
}
