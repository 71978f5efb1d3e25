/** The load balancer before the portals of the nodes, as a unit of a machine of its own. */
import { homeOf } from '../machines/layout.ts';
import { runLoadBalancer } from '../load-balancer/load-balancer.ts';

const machine = process.env.SANDBOX_MACHINE ?? '';
for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => process.exit(0));
runLoadBalancer(homeOf(machine), machine).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
