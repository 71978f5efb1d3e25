import { execFileSync } from 'node:child_process';

/** Tests run the shipped bundles as real processes, so they are built once before any test. */
export default function build(): void {
  execFileSync(process.execPath, ['src/packaging/build.mjs', '--quiet'], { stdio: 'inherit' });
}
