/** What the command line asked for. */
export interface Options {
  readonly quick: boolean;
  readonly only: ReadonlySet<string> | null;
}

/** A command line that makes no sense; the message is all that its author needs. */
export class UsageError extends Error {}

/**
 * Reads the arguments of `npm run bench`.
 *
 * @throws UsageError for an unknown argument or scenario.
 */
export function readOptions(args: readonly string[], scenarios: readonly string[]): Options {
  let quick = false;
  let only: Set<string> | null = null;
  for (let i = 0; i < args.length; i++) {
    const [flag, inline] = splitFlag(args[i] as string);
    if (flag === '--quick' && inline === undefined) quick = true;
    else if (flag === '--only') only = readOnly(inline ?? args[++i], scenarios);
    else throw new UsageError(`unknown argument ${JSON.stringify(args[i])}: use --quick, --only NAME,NAME`);
  }
  return { quick, only };
}

function splitFlag(argument: string): [flag: string, value: string | undefined] {
  const at = argument.indexOf('=');
  return at < 0 ? [argument, undefined] : [argument.slice(0, at), argument.slice(at + 1)];
}

function readOnly(list: string | undefined, scenarios: readonly string[]): Set<string> {
  const names = (list ?? '').split(',').filter((name) => name !== '');
  if (names.length === 0) throw new UsageError(`--only needs scenarios, out of: ${scenarios.join(', ')}`);
  for (const name of names) {
    if (!scenarios.includes(name)) {
      throw new UsageError(`unknown scenario ${JSON.stringify(name)}: choose from ${scenarios.join(', ')}`);
    }
  }
  return new Set(names);
}
