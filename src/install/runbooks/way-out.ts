import { HOST_ROLE } from '../names.ts';
import { COMMON, EXECUTABLE, optional } from './bindings.ts';
import { inOrder, type RunbookDefinition } from './definition.ts';

/**
 * A way out of an open rotation, as data: one phase, which finds the rotation by itself since no other step of its run could name it, and the report.
 * `executable`: whether the phase runs Octopus.Server.
 */
export function wayOut(given: { name: string; step: string; phase: string; description: string; bindings?: Record<string, string>; executable?: boolean }): RunbookDefinition {
  const { name, step, phase, description, bindings = {}, executable = true } = given;
  return {
    name,
    description,
    targetRole: HOST_ROLE,
    steps: inOrder([
      { name: step, phase, bindings: { ...COMMON, ...(executable ? EXECUTABLE : {}), ...bindings } },
      { name: 'Report', phase: 'report-rotation', bindings: { ...COMMON, RotationId: optional(`Octopus.Action[${step}].Output.RotationId`) } },
    ]),
  };
}
