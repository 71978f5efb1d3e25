import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import schema from '../../schemas/certificate-result.schema.json' with { type: 'json' };
import { certificateReasonText } from '../../src/tentacle/certificate-reasons.ts';
import { parseCertificateResults } from '../../src/tentacle/certificate-result.ts';
import { certificateScript } from '../../src/tentacle/certificate-script.ts';
import { parseMachineResults } from '../../src/tentacle/machine-result.ts';
import type { CertificateScript } from '../../src/tentacle/contract.ts';
import type { Thumbprint } from '../../src/certificates/thumbprint.ts';

const NEW = 'B'.repeat(40) as Thumbprint;
type Options = Parameters<CertificateScript>[0];
const options = (part: Partial<Options> = {}): Options => ({ rotationId: 'r-1', fence: 1, operation: 'arm', thumbprint: NEW, fireDelaySeconds: 30, confirmSeconds: 900, ...part });

describe('the script about a certificate', () => {
  it.each(['Bash', 'PowerShell'] as const)('D13: %s: has nothing that Octopus would expand and nothing outside ASCII', (shell) => {
    expect(certificateScript(options({ shell }))).not.toMatch(/#\{|##octopus|[^\x00-\x7f]|\r/);
  });

  it('has nothing that Windows PowerShell 5.1 lacks', () => {
    const text = certificateScript(options({ shell: 'PowerShell' }));
    expect(text).not.toMatch(/&&|\|\||\?\?|\?\.[A-Za-z]|-Parallel|-AsHashtable|utf8NoBOM|\$IsWindows|ToHexString|2>&1|TickCount64/);
    expect(text.match(/^'@/gm)).toHaveLength(2);
  });

  it.each<[string, Partial<Options>]>([
    ['a rotation id', { rotationId: '$(id)' }], ['a thumbprint', { thumbprint: "x'; id '" as Thumbprint }], ['a thumbprint that is missing', { operation: 'disarm', thumbprint: '' as Thumbprint }],
    ['an operation', { operation: 'format' as never }], ['a shell', { shell: 'cmd' as never }], ['a place', { place: 'there' as never }], ['a time', { confirmSeconds: 1.5 }], ['a time without end', { fireDelaySeconds: 1e9 }],
  ])('rule 14: refuses %s that is no typed token', (_name, part) => {
    expect(() => certificateScript(options(part))).toThrow(/may not enter a script/);
  });
});

describe('parseCertificateResults', () => {
  const good = {
    rotationId: 'r-1', own: 'A'.repeat(40), operation: 'stage', outcome: 'changed', reason: null, state: 'staged', why: null, noteOf: 'r-1', old: 'A'.repeat(40), new: NEW, signature: 'strong', job: 'none', secondsLeft: null,
    inForce: null, wayBack: 'kept', pending: 'none', trusted: [], freeKilobytes: 5000, clock: 1795516979, identity: '0'.repeat(64),
  };
  const line = (value: unknown) => `octopus-rotation-certificate-result ${Buffer.from(JSON.stringify(value)).toString('base64')}`;

  it('rule 9: finds those of this rotation, and takes none for a result of the trust scripts', () => {
    const log = `10:00   Info   | ${line(good)}\r\n${line({ ...good, rotationId: 'r-2' })}\n`;
    expect(parseCertificateResults(log, 'r-1')).toEqual({ results: [good], ignored: 1 });
    expect(parseMachineResults(log, 'r-1')).toEqual({ results: [], ignored: 0 });
  });

  it.each<[string, object]>([
    ['no own thumbprint', { own: null }], ['a NEW in lower case', { new: NEW.toLowerCase() }], ['an unknown state', { state: 'done' }], ['time that ran out', { secondsLeft: -1 }], ['a property more', { password: 'x' }],
  ])('rule 9: leaves out a result with %s', (_name, part) => {
    expect(parseCertificateResults(line({ ...good, ...part }), 'r-1')).toEqual({ results: [], ignored: 1 });
  });

  it('rule 20: whatever a log holds, nothing half read counts', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), fc.base64String(), (noise, base64) => {
      expect(parseCertificateResults(`${noise}\noctopus-rotation-certificate-result ${base64}\n${line(good).slice(0, -9)}`, 'r-1').results).toEqual([]);
    }), { numRuns: 30 });
  });
});

describe('certificateReasonText', () => {
  it('has a clause for every word that a machine may answer', () => {
    for (const word of [...schema.properties.reason.enum, ...schema.properties.why.enum]) {
      if (word !== null) expect(certificateReasonText(word)).toMatch(new RegExp(`^.{15,} \\(${word}\\)$`));
    }
    expect(certificateReasonText(null)).toBe('no reason given');
  });
});
