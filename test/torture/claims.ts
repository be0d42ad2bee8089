/** Values that say of themselves what they are: key, writer, sequence, and the sum of a body of some length. */
export type Claim = string | { key: string; writer: number; sequence: number; body: string[]; sum: number };

export function claim(key: string, writer: number, sequence: number): Claim {
  const body = bodyOf(writer, sequence);
  const sum = sumOf(body);
  if (sequence % 3 === 0) return { key, writer, sequence, body: [body], sum };
  return [key, writer, sequence, body, sum].join('|');
}

/** Whether it is whole, and stands where it was stored. */
export function isTrue(key: string, value: Claim): boolean {
  const [name, writer, sequence, body, sum] =
    typeof value === 'string'
      ? value.split('|')
      : [value.key, value.writer, value.sequence, value.body[0], String(value.sum)];
  return name === key && body === bodyOf(Number(writer), Number(sequence)) && sum === String(sumOf(body!));
}

/** From ten characters to twenty thousand, most of them short. */
function bodyOf(writer: number, sequence: number): string {
  const length = 10 + ((sequence * 7919 + writer) % (sequence % 50 === 0 ? 20_000 : 300));
  return `${writer}.${sequence};`.repeat(Math.ceil(length / 4)).slice(0, length);
}

function sumOf(text: string): number {
  let sum = 0;
  for (let i = 0; i < text.length; i++) sum = (Math.imul(sum, 31) + text.charCodeAt(i)) | 0;
  return sum;
}
