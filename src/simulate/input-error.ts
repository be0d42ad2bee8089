/** The simulator was asked for something it cannot do. Its message is all that the user is shown. */
export class InputError extends Error {
  override readonly name = 'InputError';
}
