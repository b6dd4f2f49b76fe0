/* SPDX-License-Identifier: MIT */
/* Strings of wchar_t (C706 14.3.4) that C programs have in UTF-8. */
#include <string.h>

#include "base/mem.h"
#include "base/utf16.h"
#include "ndr/pull.h"
#include "ndr/push.h"

void
sp_pull_utf8(struct sp_pull *pull, void *slot, const void *unused)
{
	uint32_t room = sp_pull_max_count(pull), first;
	uint32_t n = sp_pull_variance(pull, room, 2, &first);
	const uint16_t *units;
	char *text = NULL;
	size_t len = 0;

	(void)unused;
	sp_pull_expect(pull, first, 0, "first_is of string");
	units = sp_pull_ok(pull) ? sp_pull_array_new(pull, n, sizeof(*units)) : NULL;
	/* [MS-RPCE] 3.1.1.5.3.2.1.12 */
	sp_pull_expect(pull, units && n && !units[n - 1], 1, "end of string");
	if (!units || !sp_pull_ok(pull))
		return;
	n = (uint32_t)sp_string_count(units, sizeof(*units), n) - 1;
	len = utf16_to_utf8(units, n, NULL, 0) + 1;
	text = sp_pull_alloc_bare(pull, len, 1);
	if (!text)
		return;
	(void)utf16_to_utf8(units, n, text, len);
	*(char **)slot = text;
}

void
sp_push_utf8(struct sp_push *push, const void *pointee, const void *unused)
{
	size_t len = strlen(pointee), n = utf16_from_utf8(pointee, len, NULL, 0) + 1;
	uint16_t *units = mem_alloc(n * sizeof(*units));

	(void)unused;
	if (!units) {
		sp_push_fail(push, NCA_S_FAULT_REMOTE_NO_MEMORY, "no memory for a string");
		return;
	}
	(void)utf16_from_utf8(pointee, len, units, n);
	sp_push_count(push, n);
	sp_push_variance(push, n, 0, n, "string");
	sp_push_array(push, units, n, sizeof(*units));
	mem_free(units);
}
