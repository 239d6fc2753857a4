/** INFO cpu. */
import type { CpuSeconds } from '../services/lifecycle.ts';
import { type Field, fixed, type Section } from './section.ts';

export const cpu: Section = {
  title: 'CPU',
  isDefault: true,
  fields({ services: { lifecycle } }) {
    const thread = lifecycle.threadCpuSeconds();
    return [
      ...secondsFields('', lifecycle.cpuSeconds()),
      ...secondsFields('_children', { user: 0, system: 0 }),
      ...(thread === undefined ? [] : secondsFields('_main_thread', thread)),
    ];
  },
};

function secondsFields(whose: string, { user, system }: CpuSeconds): Field[] {
  return [
    [`used_cpu_sys${whose}`, fixed(system, 6)],
    [`used_cpu_user${whose}`, fixed(user, 6)],
  ];
}
