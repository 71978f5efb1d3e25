/** Every refusal with the body of octopus-rest.md 2.3. */
export class RestError extends Error {
  override name = 'RestError';
  constructor(readonly status: number, message: string, readonly errors: string[] = [], readonly headers: Record<string, string> = {}) {
    super(message);
  }

  body(): Record<string, unknown> {
    return errorBody(this.message, this.errors);
  }
}

export function errorBody(message: string, errors: string[] = []): Record<string, unknown> {
  return { ErrorMessage: message, Errors: errors, FullException: null, HelpText: null, HelpLink: null, ParsedHelpLinks: [], Details: null };
}

export const badRequest = (...errors: string[]) => new RestError(400, 'There was a problem with your request.', errors);
export const notFound = (id: string) => new RestError(404, `The resource '${id}' was not found.`);
export const notLoggedIn = () => new RestError(401, 'You must be logged in to request this resource. Please provide a valid API key or log in.');
export const forbidden = (permission: string) => new RestError(403, `You do not have permission to perform this action. Please contact your Octopus administrator. Missing permission: ${permission}`);
