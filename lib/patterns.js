'use strict';

/**
 * Whether a whole text matches a pattern, as ssh_config(5) has them: `*` stands for any text, `?` for any character.
 * Takes time in proportion to both lengths multiplied, whatever the pattern is.
 */
function matchesPattern(text, pattern) {
  let [at, inPattern] = [0, 0];
  let [star, resume] = [-1, 0];
  while (at < text.length) {
    const wanted = pattern[inPattern];
    if (wanted === '*') {
      star = inPattern++;
      resume = at;
    } else if (wanted !== undefined && (wanted === '?' || wanted === text[at])) {
      at++;
      inPattern++;
    } else if (star >= 0) {
      // The last star takes one more character.
      inPattern = star + 1;
      at = ++resume;
    } else {
      return false;
    }
  }
  while (pattern[inPattern] === '*') inPattern++;
  return inPattern === pattern.length;
}

/**
 * Whether a text matches a list of patterns, separated by commas: 1 if one matches, -1 if one behind a `!` does,
 * whatever the others say, else 0.
 */
function matchesList(text, list) {
  let found = 0;
  for (const item of list.split(',')) {
    const negated = item.startsWith('!');
    if (!matchesPattern(text, negated ? item.slice(1) : item)) continue;
    if (negated) return -1;
    found = 1;
  }
  return found;
}

module.exports = { matchesPattern, matchesList };
