/** How a Tentacle command ends other than well (octopus-server-cli.md section 4). */

/** An expected failure: its message is the whole of stderr, exit code 1. */
export class ControlledFailure extends Error {}

/**
 * Any other exception, exit code 100. `layers` are the exception and its inner ones, outermost first, as they are printed:
 * the lines of the message, then the name of the .NET type.
 */
export class UnexpectedFailure extends Error {
  readonly layers: { lines: string[]; type: string }[];

  constructor(message: string, type: string, inner?: UnexpectedFailure) {
    super(message);
    this.layers = [{ lines: message.split('\n'), type }, ...(inner?.layers ?? [])];
  }
}

/** The lines on stderr for an {@link UnexpectedFailure}, with a frame where the real one prints its stack trace. */
export function describeFailure(failure: UnexpectedFailure): string[] {
  return failure.layers.flatMap((layer, index) => [
    ...(index > 0 ? ['--Inner Exception--'] : []),
    ...layer.lines,
    layer.type,
    '   at Octopus.Tentacle.Startup.AbstractCommand.Start()',
  ]);
}
