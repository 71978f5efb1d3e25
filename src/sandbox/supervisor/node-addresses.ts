import type { SandboxFile } from '../machines/sandbox-file.ts';

/** The server nodes with their own addresses, whatever is in front of them. */
export function describeNodes({ server, machines }: SandboxFile) {
  return (server?.nodes ?? []).map(({ name, machine, webPort, commsPort }) => {
    const { bin, shell, share = null } = machines.find((candidate) => candidate.name === machine) ?? { bin: '', shell: '' };
    return { name, machine, url: `http://127.0.0.1:${webPort}`, commsPort, commsAddress: `https://127.0.0.1:${commsPort}`, bin, shell, share };
  });
}
