/**
 * What is used here of Standard Schema (https://standardschema.dev): the interface that Zod, Valibot, ArkType and others
 * share, so that whichever a program has will do.
 */
export interface StandardSchema {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaVerdict | Promise<SchemaVerdict>;
  };
}

/** With issues, the value is refused. */
export interface SchemaVerdict {
  readonly issues?: readonly unknown[] | undefined;
}
