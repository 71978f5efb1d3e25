import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LIST } from '../../src/tentacle/bash/list.ts';
import { parseTrustList } from '../../src/tentacle/trust-list.ts';

interface Step { args: string[]; exit: number; stdout: string }
const lines = readFileSync(join(import.meta.dirname, '..', 'conformance', 'fixtures', 'tentacle-commands.jsonl'), 'utf8').trim().split('\n');
const shown = lines.flatMap((line) => {
  const record = JSON.parse(line) as { id: string; note: string; steps: Step[] };
  return record.steps.filter((step) => step.args[0] === 'show-configuration' && step.exit === 0).map((step) => ({ name: `${record.id} ${record.note}`, text: step.stdout }));
});
const agents = readFileSync(join(import.meta.dirname, '..', 'conformance', 'fixtures', 'tentacle-agent.jsonl'), 'utf8').trim().split('\n')
  .map((line) => JSON.parse(line) as { note: string; trustedOctopusServers: unknown; ended: number | null });

const bash = (script: string, input: string) => execFileSync('bash', ['-c', `export LC_ALL=C\n${LIST}\n${script}`], { input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'ignore'], env: { PATH: process.env['PATH'], SHLVL: '2' } });
const listed = (text: string) => JSON.parse(bash("or_parse | sed -n 's/^entry\t//p' | or_json", text)) as unknown[];
const configuration = (list: unknown) => JSON.stringify({ Tentacle: { Communication: { TrustedOctopusServers: list }, Services: { PortNumber: 10933 } } }, null, 2);

describe('the list reader on the machine', () => {
  it.each(shown)('reads what the real Tentacle showed as the strict parser does: $name', ({ text }) => {
    const list = (JSON.parse(text) as { Tentacle: { Communication: { TrustedOctopusServers: unknown } } }).Tentacle.Communication.TrustedOctopusServers;
    const strict = parseTrustList(JSON.stringify(list)).map((entry) => ({ ...entry, style: entry.style === 'None' ? 'TentaclePassive' : entry.style }));
    expect(listed(text)).toEqual(strict);
  });

  it.each(agents)('A39: judges a list as the real agent did: $note', ({ trustedOctopusServers, ended }) => {
    const read = () => bash('or_parse', configuration(trustedOctopusServers));
    if (ended === 100) expect(read).toThrow();
    else expect(read).not.toThrow();
  });

  it('keeps foreign text byte-equal: quotes, backslashes, other alphabets', () => {
    const address = 'https://h\u00f6st/"\\\u{1f419}\u0001';
    const [entry] = listed(configuration([{ Thumbprint: 'A'.repeat(40), CommunicationStyle: 2, Address: address, Squid: null, SubscriptionId: 'poll://x/' }]));
    expect(entry).toEqual({ thumbprint: 'A'.repeat(40), style: 'TentacleActive', address, subscriptionId: 'poll://x/' });
  });

  it.each(['', 'nonsense', '{', '{}', '{"Tentacle":{"Communication":{}}}', configuration([]).slice(0, -3)])('A39: refuses a configuration cut off or without a list: %j', (text) => {
    expect(() => bash('or_parse', text)).toThrow();
  });
});
