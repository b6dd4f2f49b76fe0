/* SPDX-License-Identifier: MIT */
/* The endpoint map at 10 and at 1,000,000 endpoints: what one question costs, and their ratio. */
#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"
#include "epm/map.h"

#define QUESTIONS 1000000u

static struct sp_syntax_id
interface_id(uint32_t n)
{
	/* spread as real UUIDs are */
	return (struct sp_syntax_id){
		{.time_low = n * 2654435761u, .node = {1, 2, 3, 4, 5, 6}}, 1, 0};
}

static bool
fill(struct map *map, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		struct tower t = {.interface = interface_id(i), .protseq = NCACN_IP_TCP};
		uint8_t room[200];
		struct map_wish wish = {.tower = room};

		snprintf(t.endpoint, sizeof(t.endpoint), "%u", 49152 + i % 16384);
		if (!tower_put(&t, room, sizeof(room), &wish.tower_len) ||
			map_insert(map, &(struct map_owner){.id = i % 1000}, &wish, 1, false))
			return false;
	}
	return true;
}

/* ns a question; negative: it failed */
static double
ask(const struct map *map, uint32_t n)
{
	sp_nanos begin = time_now();
	uint32_t which = 1;

	for (uint32_t i = 0; i < QUESTIONS; i++) {
		struct sp_syntax_id id;
		struct map_query q = {.interface = &id, .versions = MAP_COMPATIBLE};
		struct map_answer answer;
		size_t found;

		which = which * 1664525u + 1013904223u;
		id = interface_id((which >> 8) % n);
		if (map_find(map, &q, &answer))
			return -1;
		found = answer.n;
		map_answer_free(&answer);
		if (found != 1)
			return -1;
	}
	return (double)(time_now() - begin) / QUESTIONS;
}

static double
measure(uint32_t n)
{
	struct map *map = map_new();
	double ns = map && fill(map, n) ? ask(map, n) : -1;

	map_free(map);
	return ns;
}

int
main(void)
{
	double small = measure(10), large = measure(1000000);

	if (small < 0 || large < 0) {
		fputs("bench/map: a question was not answered\n", stderr);
		return 1;
	}
	printf("map: one question at 10 endpoints %.0f ns, at 1000000 endpoints %.0f ns, ratio "
	       "%.2f\n",
		small, large, large / small);
	return 0;
}
