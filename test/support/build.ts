import { execFileSync } from 'node:child_process';

/** Tests run the shipped bundles as real processes, so they are built once before any test; step packages by the tests that are about them. */
export default function build(): void {
  execFileSync(process.execPath, ['src/packaging/build.mjs', '--quiet', '--without-step-packages'], { stdio: 'inherit' });
}
