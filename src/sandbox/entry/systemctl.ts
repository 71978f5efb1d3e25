import { runShim } from '../supervisor/call.ts';

void runShim('systemctl');
