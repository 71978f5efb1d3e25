import '@fastify/multipart';
import { badRequest } from './errors.ts';
import type { Call } from './router.ts';

/** The first file of a multipart body, whatever its field is called (octopus-rest.md 7.2). */
export async function uploadedFile(call: Call): Promise<{ fileName: string; content: Buffer }> {
  const file = call.request.isMultipart() ? await call.request.file() : undefined;
  if (!file) throw badRequest('A package file must be provided');
  return { fileName: file.filename, content: await file.toBuffer() };
}
