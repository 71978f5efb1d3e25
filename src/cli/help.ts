import { settingHelp } from './setting-options.ts';

/** What `octopus-rotation --help` and `octopus-rotation COMMAND --help` say. */

export const COMMANDS = ['rehearse', 'sandbox', 'install', 'upgrade', 'uninstall', 'abandon', 'roll-back', 'repair-tentacle-certificates', 'take-over', 'probe', 'status'] as const;
export type CommandName = (typeof COMMANDS)[number];

const EXIT_CODES = `Exit codes
  0   done
  1   refused, failed, or used wrongly; the text says what was found, what is safe now, and what to do next
  70  a defect of Octopus Rotation itself`;

/** Of the commands that change an installation. */
const INSTALLED_OPTIONS = `Options
  --server URL        address of Octopus Server
  --api-key-env NAME  environment variable that holds the API key (never the key itself)
  --space NAME        the space that Octopus Rotation is installed in
  --oidc-token-env NAME, --service-account ID
                      a token of your identity provider and the service account that it is for, instead of --api-key-env`;

/** Of the commands that run a runbook of an open rotation. */
const RUNBOOK_OPTIONS = `Options
  --server URL        address of Octopus Server
  --api-key-env NAME  environment variable that holds the API key
  --space NAME        the space that Octopus Rotation is installed in
  --environment NAME  the environment that it was installed for
  --json              one JSON event a line`;

/** Of the commands that read the journal of an open rotation. */
const JOURNAL_OPTIONS = `Options
  --server URL          address of Octopus Server
  --api-key-env NAME    environment variable that holds the API key
  --space NAME          the space that Octopus Rotation is installed in
  --state-folder PATH   folder of the journal on this machine
  --secret-env NAME     environment variable that holds Rotation.Secret`;

export const GENERAL_HELP = `Octopus Rotation replaces the certificates of a self-hosted Octopus Server and of its Tentacles from Octopus runbooks,
one phase a step, and proves each phase before the next one can hurt anybody.

Usage: octopus-rotation COMMAND [options]

  rehearse   run a whole rotation on an embedded Octopus on this machine; touches no other server
  sandbox    start the embedded Octopus and leave it running
  install    put package, step templates and the runbooks into your Octopus, over REST
  upgrade    bring what is installed to the release of this program; also while a rotation is open
  uninstall  take away from your Octopus what install put there; refuses while a rotation is open
  abandon    give up an open rotation before the swap: run the runbook for it, and follow it
  roll-back  go back after the swap, before anything is retired: run the runbook for it, and follow it
  repair-tentacle-certificates  mend Tentacles whose certificate and registration do not agree: run the runbook for it, and follow it
  take-over  take an open rotation from a holder that has stopped and cannot be proved to have; on its host
  probe      ask a listening Tentacle whether it trusts a certificate; changes nothing
  status     show an open rotation, who holds it and what is left to do; changes nothing

octopus-rotation COMMAND --help says what a command does, what it changes, and gives examples.

${EXIT_CODES}
With OCTOPUS_ROTATION_DEBUG=1 a defect is shown with its stack.`;

export const HELP: Record<CommandName, string> = {
  rehearse: `Runs a whole rotation of certificates on an embedded Octopus: real processes, real TLS, loopback only.

Usage: octopus-rotation rehearse [--estate FILE] [--home DIR] [--keep] [--json] [--rotation NAME]

What it does
  Starts an embedded Octopus Server and its Tentacles, installs Octopus Rotation into it over REST as "install" does, runs the
  runbook of the rotation, shows each phase as it happens, waits while the relay does what a run cannot, follows the run that
  goes on, and shows what was proved and which machines were left behind, each with the command that mends it. Tentacles that
  another Octopus Server uses too are taken in when their certificates are rehearsed (--other-servers accept).

What it changes
  Nothing outside its home folder, and the report below ./.rehearsal/ when no home is given. No process stays when it ends.

Options
  --estate FILE    the installation to rehearse on, as JSON (schemas/estate.schema.json); default: one node, ten Tentacles
                   (nine where there is no pwsh, in PATH or named by SANDBOX_PWSH)
  --home DIR       keep everything in DIR (server, machines, journal, report); run it on the same DIR again for a second rotation
  --keep           leave the embedded Octopus running after the summary, until Ctrl-C
  --json           one JSON event a line (schemas/rehearsal-event.schema.json); the last one is the summary
  --rotation NAME  which rotation: server-certificate (the default) or tentacle-certificates

Examples
  octopus-rotation rehearse
  octopus-rotation rehearse --estate my-estate.json --home ./lab --keep
  octopus-rotation rehearse --rotation tentacle-certificates
  octopus-rotation rehearse --json | tail -n 1

${EXIT_CODES}
  130 stopped with Ctrl-C`,

  sandbox: `Starts the embedded Octopus and leaves it running until it is stopped with Ctrl-C (or its standard input ends).

Usage: octopus-rotation sandbox --estate FILE [--home DIR] [--json]

What it does
  Starts an Octopus Server and its Tentacles as an estate file describes them. It binds loopback only and wants its API key.
  With --json it prints one line: url, API key, server certificate, and for each Tentacle its name, address, configuration
  file, state, and a script that opens a shell on that machine.

What it changes
  Nothing outside its home folder. Without --home that is a new folder, which is removed at the end.

Examples
  octopus-rotation sandbox --estate src/sandbox/estates/default.json --home ./lab
  octopus-rotation sandbox --estate src/sandbox/estates/default.json --json

${EXIT_CODES}`,

  install: `Puts Octopus Rotation into your Octopus, over REST: the package, the step templates, the project with its variables, and the
runbooks "Rotate server certificate", "Abandon server certificate rotation", "Roll back server certificate", "Rotate Tentacle
certificates" and "Repair Tentacle certificates". It runs none.

Usage: octopus-rotation install --server URL --api-key-env NAME --space NAME --environment NAME --host-tentacle NAME [options]

What it changes
  In the space that you name: one package in the built-in feed, step templates, the project "Octopus Rotation" with its
  variables and runbooks, and the roles of the host's Tentacle. Nothing on any machine. Installing twice changes nothing.
  A space of its own is advised: who may edit the project may run code on the Octopus Server host. Before it writes, it says
  who else may, and what it could not see: users are, members of a directory's groups who never signed in are not.

Options
  --server URL          address of Octopus Server
  --api-key-env NAME    environment variable that holds the API key (never the key itself)
  --space NAME          the space to install into
  --environment NAME    the environment that the host's Tentacle is in
  --host-tentacle NAME  the Tentacle on the Octopus Server host that runs the steps
  --schedule WHEN       let Octopus start "Rotate server certificate" by itself; it ends green when nothing is due. WHEN is
                        weekly, monthly, yearly (at 3 o'clock) or a cron expression of six fields, seconds first
  --timezone NAME       of the schedule, e.g. Europe/Berlin; default: UTC
  --approval yes|no     wait for a person between "Prove trust" and "Replace server certificate": a manual intervention, whose
                        teams are chosen in the portal and stay; a subscription of Octopus tells them. Left out: as it is
  --oidc-token-env NAME environment variable that holds a token of your identity provider; with it,
  --service-account ID  the service account that it is for (Users-12) installs; the API key is only put into Rotation.ApiKey
  --from DIR            folder that holds packages/ and step-templates/; default: the folder of this program
  --dry-run             show what would be done, field by field, and change nothing
  --replace-edited      replace steps and step templates that somebody edited; without it that is refused, with what would be
                        lost. Values of parameters that were edited in a step are kept in any case
  --json                one JSON event a line

Settings (each is a project variable Rotation.NAME; without the option it keeps the value that it has)
${settingHelp()}

Example
  read -rs OCTOPUS_API_KEY && export OCTOPUS_API_KEY
  octopus-rotation install --server https://octopus.example.com --api-key-env OCTOPUS_API_KEY --space Operations \\
    --environment Octopus --host-tentacle octopus-01

${EXIT_CODES}`,

  upgrade: `Brings what install put into a space of your Octopus to the release of this program. It runs nothing.

Usage: octopus-rotation upgrade --server URL --api-key-env NAME --space NAME [options]

What it changes
  As install: the package of the new release comes beside the older ones, then step templates, steps, and last the snapshots that
  are published. A run takes a snapshot whole, so a scheduled one runs either release and never parts of both. An open rotation
  goes on: what its relay queues takes the snapshot that it began with. Environment, host, settings, schedule, API key and values
  that somebody gave to parameters of a step stay.

${INSTALLED_OPTIONS}
  --from DIR          folder that holds packages/ and step-templates/; default: the folder of this program
  --dry-run           show what would be done, field by field, and change nothing
  --replace-edited    replace steps and step templates that somebody edited; without it that is refused, with what would be lost
  --json              one JSON event a line

Example
  octopus-rotation upgrade --server https://octopus.example.com --api-key-env OCTOPUS_API_KEY --space Operations --dry-run

${EXIT_CODES}`,

  uninstall: `Takes away what install put into a space of your Octopus, and nothing else. Refuses while a rotation is open.

Usage: octopus-rotation uninstall --server URL --api-key-env NAME --space NAME [--dry-run] [--json]

What it changes
  Deletes the project "Octopus Rotation" with its runbooks, their runs and its variables (Rotation.Secret among them), the step
  templates, every version of the package octopus-rotation, and the library variable set of the lease; takes the role away from
  the host's Tentacle. What does not bear the mark of Octopus Rotation stays. Nothing on any machine: the state folder with
  journal and PFX files stays on the host, and opens only with the Rotation.Secret that install showed.

${INSTALLED_OPTIONS}
  --dry-run           show what would be removed, and change nothing
  --json              one JSON event a line

Example
  octopus-rotation uninstall --server https://octopus.example.com --api-key-env OCTOPUS_API_KEY --space Operations --dry-run

${EXIT_CODES}`,

  abandon: `Gives up an open rotation of the server certificate before the swap, by running the runbook for it and following it.

Usage: octopus-rotation abandon --server URL --api-key-env NAME --space NAME --environment NAME [--json]

What it does
  Queues the runbook "Abandon server certificate rotation" and shows what its steps say, then waits until the rotation is no
  longer open. The runbook runs on the rotation's host, where the journal is. Ctrl-C stops the showing, not the run.

What it changes
  The steps remove the new certificate from every Tentacle that got it, prove that it is refused, and destroy its PFX file. They
  refuse when the server already uses the new certificate: then "roll-back" goes back, and "Rotate server certificate" finishes.

${RUNBOOK_OPTIONS}

Example
  octopus-rotation abandon --server https://octopus.example.com --api-key-env OCTOPUS_API_KEY --space Operations --environment Octopus

${EXIT_CODES}
  130 stopped with Ctrl-C; the run goes on`,

  'roll-back': `Goes back to the old certificate after the swap, by running the runbook for it and following it.

Usage: octopus-rotation roll-back --server URL --api-key-env NAME --space NAME --environment NAME [--json]

What it does
  Queues the runbook "Roll back server certificate" and shows what its steps say; waits while the relay restarts the server, follows the
  run that goes on, and waits until the rotation is no longer open. Ctrl-C stops the showing, not the run.

What it changes
  The steps prove that every Tentacle trusts the old certificate, adding it where it is missing; the relay imports it and restarts the
  server; the steps remove the new certificate from every Tentacle and prove that it is refused. Its PFX file is kept. They refuse
  before the hand-over to the relay (then: abandon), and once trust in the old certificate is being retired (then finish).

${RUNBOOK_OPTIONS}

Example
  octopus-rotation roll-back --server https://octopus.example.com --api-key-env OCTOPUS_API_KEY --space Operations --environment Octopus

${EXIT_CODES}
  130 stopped with Ctrl-C; the run goes on`,

  'repair-tentacle-certificates': `Mends Tentacles whose certificate and registration do not agree, by running the runbook for it and following it.

Usage: octopus-rotation repair-tentacle-certificates --server URL --api-key-env NAME --space NAME --environment NAME [--json]
         [--machines NAMES]

What it does
  Queues the runbook "Repair Tentacle certificates" and shows what its steps say, then waits until the rotation is no longer open.
  For a rotation that stopped half-way and for machines that a person or another tool left so. Ctrl-C stops the showing, not the run.

What it changes
  The steps try each certificate that a journal names for a machine in its registrations, for four minutes each, until the
  Tentacle answers; then every registration in every space follows, and what is armed on the machine is disarmed. A machine that
  answers to none keeps its registration, and is named. Trust lists are not touched.

${RUNBOOK_OPTIONS}
  --machines NAMES    only these machines, by name, separated by commas

Example
  octopus-rotation repair-tentacle-certificates --server https://octopus.example.com --api-key-env OCTOPUS_API_KEY \\
    --space Operations --environment Octopus

${EXIT_CODES}
  130 stopped with Ctrl-C; the run goes on`,

  'take-over': `Takes an open rotation from a holder that has stopped, where that cannot be proved: its process cannot be looked at, its task
never completes in Octopus, its host is off for good, or its state folder was put back from a backup that is older.

Usage: octopus-rotation take-over --server URL --api-key-env NAME --space NAME --state-folder PATH --secret-env NAME
         --holder NAME [--json]

What it does
  Runs on the rotation's host, or on the one that its state folder was put back on, as the account that owns the folder. It
  verifies the journal, raises the fence, so that the holder can do nothing any more should it wake up, and writes down from whom
  it took. No step of the run that it was taken from may go on. Then nobody holds the rotation, and the next run goes on with it.
  Not needed when the holder's process is gone and its task is completed: then the next run takes over by itself.

What it changes
  The lease in Octopus, the fence and the journal in the state folder. Nothing on server or Tentacles. It refuses while a process
  of the holder is there, also a suspended one (end it first; the text says how), and when the lease has another holder by now.

${JOURNAL_OPTIONS}
  --holder NAME         the holder, as "status" names it; you answer for its having stopped
  --json                one JSON object

Example
  sudo -E octopus-rotation take-over --server https://octopus.example.com --api-key-env OCTOPUS_API_KEY --space Operations \\
    --state-folder /var/lib/octopus-rotation --secret-env ROTATION_SECRET --holder runbook@octopus-01/7

${EXIT_CODES}`,

  probe: `Asks a listening Tentacle whether it trusts a certificate, by connecting with it. Changes nothing and makes no Error in its log.

Usage: octopus-rotation probe HOST:PORT --pfx FILE --pfx-password-env NAME [--peer THUMBPRINT] [--json]

Options
  --pfx FILE               the certificate with its key
  --pfx-password-env NAME  environment variable that holds the password of the PFX
  --peer THUMBPRINT        the Tentacle's own certificate; another one there is exit code 4
  --json                   one JSON line

Example
  octopus-rotation probe web-01.example.com:10933 --pfx new.pfx --pfx-password-env PFX_PASSWORD

Exit codes
  0   trusted
  3   not trusted
  4   another certificate answers than --peer names
  5   inconclusive: it could not be told, which is never a yes
  1   used wrongly, or a PFX that cannot be used
  70  a defect of Octopus Rotation itself`,

  status: `Shows whether a rotation is open, who holds it, which phase is next, and who is left behind. Changes nothing.

Usage: octopus-rotation status --server URL --api-key-env NAME --space NAME [--state-folder PATH --secret-env NAME] [--json]

What it does
  Reads the lease in Octopus (the library variable set "Octopus Rotation lease"). On the rotation's host, with the state folder
  and the value of Rotation.Secret, it reads and verifies the journal too: machines proved, machines left behind with the command
  that mends each, and what goes on next.

${JOURNAL_OPTIONS}
  --json                one JSON object

Examples
  octopus-rotation status --server https://octopus.example.com --api-key-env OCTOPUS_API_KEY --space Operations
  sudo -E octopus-rotation status --server https://octopus.example.com --api-key-env OCTOPUS_API_KEY --space Operations \\
    --state-folder /var/lib/octopus-rotation --secret-env ROTATION_SECRET

${EXIT_CODES}`,
};
