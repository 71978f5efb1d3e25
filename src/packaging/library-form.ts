import { PACKAGE_ID, PARAMETER_PREFIX } from './names.ts';
import { guidOf, type StepTemplate, type TemplatePackage, type TemplateParameter } from './step-template.ts';

/** The parameter by which whoever imports a template by hand chooses the feed and the package. */
const PACKAGE_PARAMETER = `${PARAMETER_PREFIX}Package`;

export interface LibraryTemplate extends Omit<StepTemplate, 'Packages'> {
  Packages: [Omit<TemplatePackage, 'PackageId' | 'FeedId'> & { PackageId: null; FeedId: null }];
}

/**
 * As the community's library wants it (step-packages.md 7.1, 7.3): no feed is named, and the package is a parameter of the step. This is the form
 * for a file; the installer knows the feed, and puts the package itself into the template.
 */
export function libraryForm(template: StepTemplate): LibraryTemplate {
  const [{ Id, Name, AcquisitionLocation }] = template.Packages;
  const parameter: TemplateParameter = {
    Id: guidOf(`${template.Id}/Package`), Name: PACKAGE_PARAMETER, Label: 'Package', HelpText: `The package ${PACKAGE_ID}, of the very version that this template came with.`, DefaultValue: '',
    DisplaySettings: { 'Octopus.ControlType': 'Package' },
  };
  return {
    ...template,
    Packages: [{ Id, Name, PackageId: null, FeedId: null, AcquisitionLocation, Properties: { Extract: 'True', SelectionMode: 'deferred', PackageParameterName: PACKAGE_PARAMETER } }],
    Parameters: [parameter, ...template.Parameters],
  };
}

/** The other way round. */
export function installedForm(template: LibraryTemplate): StepTemplate {
  const [{ Id, Name, AcquisitionLocation }] = template.Packages;
  return {
    ...template,
    Packages: [{ Id, Name, PackageId: PACKAGE_ID, FeedId: 'feeds-builtin', AcquisitionLocation, Properties: { Extract: 'True', SelectionMode: 'immediate' } }],
    Parameters: template.Parameters.filter((each) => each.Name !== PACKAGE_PARAMETER),
  };
}
