/* SPDX-License-Identifier: MIT */
#include "cli/spelling.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "catalog/interfaces.h"

#define LENGTH_MAX 40

void
spelling_begin(struct spelling *s, const char *word, size_t len)
{
	*s = (struct spelling){.distance = SPELLING_FAR + 1};
	if (len < sizeof(s->word))
		memcpy(s->word, word, len);
}

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static bool
is_same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

size_t
spelling_distance(const char *a, const char *b)
{
	size_t n_a = strlen(a), n_b = strlen(b);
	size_t d[LENGTH_MAX + 1][LENGTH_MAX + 1];

	if (n_a > LENGTH_MAX || n_b > LENGTH_MAX)
		return LENGTH_MAX;
	for (size_t i = 0; i <= n_a; i++)
		d[i][0] = i;
	for (size_t j = 0; j <= n_b; j++)
		d[0][j] = j;
	for (size_t i = 1; i <= n_a; i++) {
		for (size_t j = 1; j <= n_b; j++) {
			d[i][j] = least(least(d[i - 1][j], d[i][j - 1]) + 1,
				d[i - 1][j - 1] + !is_same(a[i - 1], b[j - 1]));
			if (i > 1 && j > 1 && is_same(a[i - 1], b[j - 2]) &&
				is_same(a[i - 2], b[j - 1]))
				d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
		}
	}
	return d[n_a][n_b];
}

void
spelling_try(struct spelling *s, const char *candidate)
{
	size_t n = spelling_distance(s->word, candidate);

	/* what begins as the candidate does is an abbreviation of it */
	if (strlen(s->word) >= 3 && !strncmp(s->word, candidate, strlen(s->word)))
		n = 1;
	if (n < s->distance && n < strlen(candidate)) {
		s->distance = n;
		s->best = candidate;
	}
}

const char *
spelling_best(const struct spelling *s)
{
	return s->best;
}

const char *
spelling_interface(const char *word)
{
	const struct catalog_interface *interface;
	struct spelling spelling;

	spelling_begin(&spelling, word, strlen(word));
	for (size_t i = 0; (interface = catalog_interface_at(i)); i++)
		spelling_try(&spelling, interface->name);
	return spelling_best(&spelling);
}
