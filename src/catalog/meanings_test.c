/* SPDX-License-Identifier: MIT */
/* What people paste from a screen is found, in all the forms in which it stands there. */
#include "catalog/meanings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct meanings
found(const char *what)
{
	struct meanings all;

	meanings_find(what, &all);
	return all;
}

/* The likeliest meaning of what must have one. */
static struct meaning
first(const char *what, enum meaning_kind kind)
{
	struct meanings all = found(what);

	if (all.n == 0)
		fail_msg("%s means nothing", what);
	assert_int_equal(all.item[0].kind, kind);
	return all.item[0];
}

static void
is_status(const char *what, const char *symbol)
{
	assert_string_equal(first(what, MEANING_STATUS).status->symbol, symbol);
}

static void
is_interface(const char *what, const char *name)
{
	assert_string_equal(first(what, MEANING_INTERFACE).interface->name, name);
}

static void
a_number_is_found_in_every_form_that_programs_print(void **state)
{
	static const char *const forms[] = {
		"1722", "0x6ba", "0x000006BA", "0X6BA", "0x800706ba", "800706BA", "-2147023174"};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		is_status(forms[i], "RPC_S_SERVER_UNAVAILABLE");
	is_status("80070005", "E_ACCESSDENIED");
	is_status("80070035", "ERROR_BAD_NETPATH");
	is_status("c0020017", "RPC_NT_SERVER_UNAVAILABLE");
}

static void
what_is_no_number_is_none(void **state)
{
	static const char *const words[] = {"", "-", "-0", "--5", "0x", "0xg", "0x1ffffffff",
		"1722 ", "17-22", "99999999999", "-2147483649", "0x-5", " 5"};
	uint32_t number = 7;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (meanings_number(words[i], &number))
			fail_msg("\"%s\" was read as %u", words[i], number);
	assert_int_equal(number, 7);
}

static void
a_small_number_means_all_that_it_may(void **state)
{
	struct meanings all = found("5");

	assert_true(all.n >= 3);
	assert_int_equal(all.item[0].status->kind, STATUS_WIN32);
	for (size_t i = 0; i < all.n; i++)
		assert_int_equal(all.item[i].status->number, 5);
}

static void
a_port_of_a_service_is_a_meaning_too(void **state)
{
	struct meanings all = found("5985");

	assert_int_equal(all.n, 1);
	assert_int_equal(all.item[0].kind, MEANING_PORT);
	assert_int_equal(all.item[0].port, 5985);
}

static void
a_symbol_is_found_in_any_case(void **state)
{
	is_status("rpc_s_server_unavailable", "RPC_S_SERVER_UNAVAILABLE");
	is_status("nca_s_fault_access_denied", "nca_s_fault_access_denied");
	is_status("NCA_S_FAULT_ACCESS_DENIED", "nca_s_fault_access_denied");
}

static void
an_interface_is_found_by_uuid_name_and_pipe(void **state)
{
	is_interface("12345778-1234-abcd-ef00-0123456789ac", "samr");
	is_interface("{12345778-1234-ABCD-EF00-0123456789AC}", "samr");
	is_interface("12345778-1234-abcd-ef00-0123456789ac,1.0", "samr");
	is_interface("12345778-1234-abcd-ef00-0123456789ac 1.0", "samr");
	is_interface("SAMR", "samr");
	is_interface("\\PIPE\\samr", "samr");
	is_interface("\\samr", "samr");
	assert_int_equal(found("12345778-1234-abcd-ef00-0123456789ad").n, 0);
	assert_int_equal(found("{12345778}").n, 0);
}

static void
one_word_may_be_a_service_and_an_interface(void **state)
{
	struct meanings all = found("netlogon");

	assert_int_equal(all.n, 2);
	assert_int_equal(all.item[0].kind, MEANING_SERVICE);
	assert_int_equal(all.item[1].kind, MEANING_INTERFACE);
	assert_int_equal(found("t04").item[0].kind, MEANING_SYMPTOM);
}

static void
nothing_is_made_of_nonsense(void **state)
{
	assert_int_equal(found("").n, 0);
	assert_int_equal(found("RPC_S_SERVER_AWAY").n, 0);
	assert_int_equal(found("4294967290").n, 0);
}

/* Every name leads somewhere, so that a suggestion always works. */
static void
every_name_is_found(void **state)
{
	const char *name;
	size_t n = 0;

	for (; (name = meanings_name(n)); n++)
		if (found(name).n == 0)
			fail_msg("%s means nothing", name);
	assert_true(n > 700);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_number_is_found_in_every_form_that_programs_print),
		cmocka_unit_test(what_is_no_number_is_none),
		cmocka_unit_test(a_small_number_means_all_that_it_may),
		cmocka_unit_test(a_port_of_a_service_is_a_meaning_too),
		cmocka_unit_test(a_symbol_is_found_in_any_case),
		cmocka_unit_test(an_interface_is_found_by_uuid_name_and_pipe),
		cmocka_unit_test(one_word_may_be_a_service_and_an_interface),
		cmocka_unit_test(nothing_is_made_of_nonsense),
		cmocka_unit_test(every_name_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
