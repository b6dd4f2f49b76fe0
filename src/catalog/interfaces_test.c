/* SPDX-License-Identifier: MIT */
#include "catalog/interfaces.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/uuid.h"

static const struct catalog_interface *
find(const char *text)
{
	struct sp_uuid uuid;

	assert_true(sp_uuid_parse(text, &uuid));
	return catalog_interface_find(&uuid);
}

static void
well_known_interfaces_have_their_names(void **state)
{
	static const struct {
		const char *uuid, *name;
	} known[] = {
		{"e1af8308-5d1f-11c9-91a4-08002b14a0fa", "epmapper"},
		{"afa8bd80-7d8a-11c9-bef4-08002b102989", "mgmt"},
		{"12345778-1234-ABCD-EF00-0123456789AC", "samr"},
		{"12345778-1234-abcd-ef00-0123456789ab", "lsarpc"},
		{"e3514235-4b06-11d1-ab04-00c04fc2dcd2", "drsuapi"},
		{"60a15ec5-4de8-11d7-a637-005056a20182", "rpcecho"},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		const struct catalog_interface *interface = find(known[i].uuid);

		assert_non_null(interface);
		assert_string_equal(interface->name, known[i].name);
	}
}

static void
an_unknown_interface_has_no_name(void **state)
{
	assert_null(find("11111111-2222-3333-4444-555555555555"));
	assert_null(find("00000000-0000-0000-0000-000000000000"));
	assert_null(find("ffffffff-ffff-ffff-ffff-ffffffffffff"));
}

static void
every_entry_is_found_and_complete(void **state)
{
	const struct catalog_interface *interface;
	size_t n = 0;

	for (; (interface = catalog_interface_at(n)); n++) {
		assert_ptr_equal(catalog_interface_find(&interface->uuid), interface);
		assert_true(strlen(interface->name) > 0);
		assert_true(strlen(interface->title) > 0);
		assert_true(strlen(interface->source) > 0);
	}
	assert_true(n >= 48);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(well_known_interfaces_have_their_names),
		cmocka_unit_test(an_unknown_interface_has_no_name),
		cmocka_unit_test(every_entry_is_found_and_complete),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
