import { parseArgs } from 'node:util';
import { InputError } from './input-error.js';
import { policies } from './policies.js';

export const USAGE = `Usage: npm run simulate -- [options]

Replays traces over eviction policies, prints their hit ratios and draws them.

  --traces DIR      replay the NAME.u32.gz files in DIR, not made-up workloads
  --policies A,B    only these of ${Object.keys(policies).join(', ')}
  --sizes N,M       cache sizes in entries, for every trace
  --seed N          seed of the workloads and of the hash function (default 1)
  --out FILE        where the picture goes (default build/simulate.svg)
  --check           compare with the results.csv in DIR; exit code 1 where figures disagree
  --help            print this`;

export interface Arguments {
  readonly traces: string | undefined;
  readonly policies: string[];
  readonly sizes: number[] | undefined;
  readonly seed: number;
  readonly out: string;
  readonly check: boolean;
  readonly help: boolean;
}

/** @throws InputError for an unknown option or a value that makes no sense. */
export function parseArguments(args: string[]): Arguments {
  const values = parseOptions(args);
  if (values.check && values.traces === undefined) throw new InputError('--check needs --traces');
  return {
    traces: values.traces,
    policies: values.policies === undefined ? Object.keys(policies) : parsePolicies(values.policies),
    sizes: values.sizes?.split(',').map((size) => parseWhole(size, '--sizes', 1)),
    seed: parseWhole(values.seed, '--seed', 0),
    out: values.out,
    check: values.check,
    help: values.help,
  };
}

function parseOptions(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        traces: { type: 'string' },
        policies: { type: 'string' },
        sizes: { type: 'string' },
        seed: { type: 'string', default: '1' },
        out: { type: 'string', default: 'build/simulate.svg' },
        check: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw new InputError((error as Error).message);
  }
}

function parsePolicies(list: string): string[] {
  const names = [...new Set(list.split(','))];
  for (const name of names) {
    if (!Object.hasOwn(policies, name)) {
      throw new InputError(`--policies: '${name}' is none of ${Object.keys(policies).join(', ')}`);
    }
  }
  return names;
}

function parseWhole(text: string, option: string, least: number): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isInteger(value) || value < least || value > 2 ** 31 - 1) {
    throw new InputError(`${option}: '${text}' is not a whole number from ${least} to ${2 ** 31 - 1}`);
  }
  return value;
}
