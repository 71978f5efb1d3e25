import { createHash } from 'node:crypto';
import { bashBody } from './bash-body.ts';
import type { InputProperty, InputSchema } from './input-schema.ts';
import { labelOf, optionLabel } from './labels.ts';
import { PACKAGE_ID, PARAMETER_PREFIX } from './names.ts';

/** steps/<phase>/metadata.json: what a step package says of itself, and the fixed GUIDs of its step template. */
export interface StepMetadata { id: string; name: string; description: string; template: { id: string; packageReferenceId: string; version: number } }


export interface TemplateParameter { Id: string; Name: string; Label: string; HelpText: string; DefaultValue: string; DisplaySettings: Record<string, string> }
export interface TemplatePackage { Id: string; Name: string; PackageId: string; FeedId: string; AcquisitionLocation: string; Properties: Record<string, string> }

/** ActionTemplate JSON as Octopus imports it (step-packages.md 7). */
export interface StepTemplate {
  Id: string;
  Name: string;
  Description: string;
  ActionType: 'Octopus.Script';
  Version: number;
  CommunityActionTemplateId: null;
  GitDependencies: [];
  Packages: [TemplatePackage];
  Properties: Record<string, string>;
  Parameters: TemplateParameter[];
  StepPackageId: 'Octopus.Script';
  $Meta: { ExportedAt: string; OctopusVersion: string; Type: 'ActionTemplate' };
  LastModifiedBy: string;
  Category: 'octopus';
}

/** In the description of everything that the installer owns, so that it never touches what somebody else made under the same name. */
export const OWNER_MARK = 'Managed by octopus-rotation.';

/** Name of a phase's step template. */
export const templateName = (metadata: Pick<StepMetadata, 'name'>): string => `Octopus Rotation - ${metadata.name}`;

/** The step template of one phase. Pure: the same input gives the same bytes. `sha256` holds the hashes of the files that the step may run. */
export function stepTemplate(phase: string, metadata: StepMetadata, schema: InputSchema, sha256: Record<string, string>): StepTemplate {
  return {
    Id: metadata.template.id,
    Name: templateName(metadata),
    Description: `${metadata.description}\n\nRuns on the rotation's own host (role octopus-rotation-host) under Bash; needs openssl and Node.js 18 or later there.\n\n${OWNER_MARK}`,
    ActionType: 'Octopus.Script',
    Version: metadata.template.version,
    CommunityActionTemplateId: null,
    GitDependencies: [],
    Packages: [{
      Id: metadata.template.packageReferenceId, Name: PACKAGE_ID, PackageId: PACKAGE_ID, FeedId: 'feeds-builtin', AcquisitionLocation: 'Server',
      Properties: { Extract: 'True', SelectionMode: 'immediate' },
    }],
    Properties: {
      'Octopus.Action.RunOnServer': 'false',
      'Octopus.Action.Script.ScriptSource': 'Inline',
      'Octopus.Action.Script.Syntax': 'Bash',
      'Octopus.Action.Script.ScriptBody': bashBody({ phase, inputs: Object.keys(schema.properties), sha256 }),
    },
    Parameters: Object.entries(schema.properties).map(([name, property]) => parameter(metadata.template.id, name, property)),
    StepPackageId: 'Octopus.Script',
    $Meta: { ExportedAt: '2026-01-01T00:00:00.000Z', OctopusVersion: '2026.2.0', Type: 'ActionTemplate' },
    LastModifiedBy: 'octopus-rotation',
    Category: 'octopus',
  };
}

function parameter(templateId: string, name: string, property: InputProperty): TemplateParameter {
  const value = property.default;
  return {
    Id: guidOf(`${templateId}/${name}`),
    Name: `${PARAMETER_PREFIX}${name}`,
    Label: labelOf(name),
    HelpText: property.description ?? '',
    DefaultValue: value === undefined ? '' : typeof value === 'boolean' ? (value ? 'True' : 'False') : String(value),
    DisplaySettings: control(property),
  };
}

function control(property: InputProperty): Record<string, string> {
  if (property.isSensitiveValue === true) return { 'Octopus.ControlType': 'Sensitive' };
  if (property.type === 'boolean') return { 'Octopus.ControlType': 'Checkbox' };
  if (property.enum !== undefined) return { 'Octopus.ControlType': 'Select', 'Octopus.SelectOptions': property.enum.map((option) => `${option}|${optionLabel(option)}`).join('\n') };
  return { 'Octopus.ControlType': 'SingleLineText' };
}

/** A GUID fixed by a name (RFC 9562 version 5, without a name space of its own), so that a parameter keeps its id from build to build. */
export function guidOf(name: string): string {
  const bytes = createHash('sha1').update(name).digest().subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x50;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
