import { notFound } from './errors.ts';
import { page } from './paging.ts';
import type { Call, Router } from './router.ts';
import type { ServerCertificate } from '../database/documents.ts';

const path = '/api/configuration/certificates';

function resource(certificate: ServerCertificate): Record<string, unknown> {
  const { Id, Name, Thumbprint, SignatureAlgorithm } = certificate;
  return { Id, Name, Thumbprint, SignatureAlgorithm, Links: { Self: `${path}/${Id}`, PublicCer: `${path}/${Id}/public-cer` } };
}

function certificateOf(call: Call): ServerCertificate {
  const certificate = call.all.Certificates.find(({ Id }) => Id === (call.params.id ?? '').toLowerCase());
  if (!certificate) throw notFound(call.params.id ?? '');
  return certificate;
}

/** The server's communications certificate, read only (octopus-rest.md 3.5). It is the one in the database: after an import it shows the new one. */
export function certificateRoutes(router: Router): void {
  router.system('GET', '/configuration/certificates', {}, (call) => page(call, 'CertificateConfiguration', path, call.all.Certificates, resource));
  router.system('GET', '/configuration/certificates/:id', {}, (call) => resource(certificateOf(call)));
  router.system('GET', '/configuration/certificates/:id/public-cer', {}, (call) => {
    const certificate = certificateOf(call);
    call.reply.type('application/x-x509-ca-cert').header('content-disposition', 'attachment; filename="octopus.cer"');
    return Buffer.from(certificate.Certificate, 'base64');
  });
}
