/** The fewest mistakes that are worth forgiving: none in a text of two letters, two in a long one. */
export function tolerance(length: number): number {
  if (length < 3) return 0;
  return length < 7 ? 1 : 2;
}

/** The best way to read `query` at the start of a text. */
export interface PrefixMatch {
  /** How many mistakes: letters missing, added, wrong, or two neighbours swapped. */
  readonly mistakes: number;
  /** Nothing of the text is left over after the match. */
  readonly complete: boolean;
}

/**
 * Returns a function that compares one query with the start of many texts, as a search box does: `pari`, `parsi` and
 * `apris` all stand at the start of `paris`.
 *
 * This is the optimal string alignment distance (Levenshtein's, plus swaps), computed inside a band of `limit` cells on
 * both sides of the diagonal and given up as soon as a row has more than `limit` mistakes everywhere.
 *
 * @see https://doi.org/10.1016/S0019-9958(85)80046-2 Ukkonen, Algorithms for Approximate String Matching
 */
export function prefixMatcher(query: string, limit: number): (text: string, from: number) => PrefixMatch | undefined {
  const rows = query.length;
  const columns = rows + limit;
  // Three rows of the table take turns: a swap looks two rows back. One allocation for 135,000 comparisons.
  let before = new Uint8Array(columns + 2);
  let above = new Uint8Array(columns + 2);
  let row = new Uint8Array(columns + 2);
  const tooMany = limit + 1;

  return (text, from) => {
    const width = Math.min(columns, text.length - from);
    if (width < rows - limit) return undefined;
    // Nothing of the query yet: every letter of the text is one too many.
    for (let column = 0; column <= tooMany; column++) above[column] = column;

    for (let line = 1; line <= rows; line++) {
      const letter = query.charCodeAt(line - 1);
      const start = Math.max(1, line - limit);
      const end = Math.min(width, line + limit);
      row[start - 1] = start === 1 ? Math.min(line, tooMany) : tooMany;
      let fewest = row[start - 1];
      for (let column = start; column <= end; column++) {
        const other = text.charCodeAt(from + column - 1);
        let mistakes = above[column - 1] + (letter === other ? 0 : 1);
        if (above[column] + 1 < mistakes) mistakes = above[column] + 1;
        if (row[column - 1] + 1 < mistakes) mistakes = row[column - 1] + 1;
        if (
          line > 1 &&
          column > 1 &&
          letter === text.charCodeAt(from + column - 2) &&
          other === query.charCodeAt(line - 2) &&
          before[column - 2] + 1 < mistakes
        ) {
          mistakes = before[column - 2] + 1;
        }
        row[column] = mistakes;
        if (mistakes < fewest) fewest = mistakes;
      }
      // The cell right of the band is read by the next row.
      row[end + 1] = tooMany;
      if (fewest > limit) return undefined;
      const spare = before;
      before = above;
      above = row;
      row = spare;
    }

    // `above` is the last row: the query may end after any letter of the text that the band reaches.
    let mistakes = tooMany;
    for (let column = Math.max(0, rows - limit); column <= width; column++) {
      if (above[column] < mistakes) mistakes = above[column];
    }
    if (mistakes > limit) return undefined;
    return { mistakes, complete: from + width === text.length && above[width] === mistakes };
  };
}
