/* SPDX-License-Identifier: MIT */
/* The word that was probably meant. */
#ifndef CLI_SPELLING_H
#define CLI_SPELLING_H

#include <stddef.h>

struct spelling {
	char word[40];
	const char *best;
	size_t distance; /* of the best */
};

void spelling_begin(struct spelling *, const char *word, size_t len);
/* A candidate, which must outlive the spelling. */
void spelling_try(struct spelling *, const char *candidate);
/* The nearest candidate; NULL when none is near. */
const char *spelling_best(const struct spelling *);
/* Letters to insert, drop, replace or swap with their neighbour, in any case; many when one is very long. */
size_t spelling_distance(const char *, const char *);
/* What is farther was not meant. */
#define SPELLING_FAR 2
/* The name of the interface that was probably meant; NULL when none is near. */
const char *spelling_interface(const char *word);

#endif
