/* SPDX-License-Identifier: MIT */
#include "catalog/statuses.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void
a_win32_status_is_found_by_number_and_symbol(void **state)
{
	const struct catalog_status *s = catalog_status_find(STATUS_WIN32, 1722);

	assert_non_null(s);
	assert_string_equal(s->symbol, "RPC_S_SERVER_UNAVAILABLE");
	assert_int_equal(s->phase, SP_PHASE_TCP_SESSION);
	assert_ptr_equal(s, catalog_status_named("rpc_s_server_unavailable"));
	assert_null(catalog_status_find(STATUS_WIN32, 0xfffe));
	assert_null(catalog_status_named("RPC_S_SERVER_UNAVAILABL"));
}

static void
an_hresult_of_a_win32_status_is_that_status(void **state)
{
	assert_ptr_equal(catalog_status_find(STATUS_HRESULT, 0x800706ba),
		catalog_status_find(STATUS_WIN32, 1722));
	assert_ptr_equal(
		catalog_status_next(0x800706ba, NULL), catalog_status_find(STATUS_WIN32, 1722));
	/* but one with a row of its own is its own, and points there */
	assert_string_equal(
		catalog_status_find(STATUS_HRESULT, 0x80070005)->symbol, "E_ACCESSDENIED");
	assert_ptr_equal(catalog_status_find(STATUS_HRESULT, 0x80070005)->win32,
		catalog_status_find(STATUS_WIN32, 5));
}

static void
an_ntstatus_points_to_its_win32_twin_and_says_the_same(void **state)
{
	const struct catalog_status *s = catalog_status_find(STATUS_NTSTATUS, 0xc0020017);

	assert_string_equal(s->symbol, "RPC_NT_SERVER_UNAVAILABLE");
	assert_int_equal(s->win32->number, 1722);
	assert_string_equal(s->sentence, s->win32->sentence);
	assert_int_equal(s->phase, s->win32->phase);
}

static void
a_fault_has_the_names_of_the_standard_and_of_the_library(void **state)
{
	const struct catalog_status *s = catalog_status_named("nca_s_fault_context_mismatch");

	assert_int_equal(s->number, NCA_S_FAULT_CONTEXT_MISMATCH);
	assert_ptr_equal(catalog_status_named("nca_op_rng_error"),
		catalog_status_named("NCA_S_OP_RNG_ERROR"));
	assert_int_equal(catalog_status_named("nca_s_fault_access_denied")->number, 5);
}

static void
a_small_number_may_mean_many_things_the_likely_one_first(void **state)
{
	const struct catalog_status *s = catalog_status_next(5, NULL);
	int last = -1, n = 0;

	assert_int_equal(s->kind, STATUS_WIN32);
	for (; s; s = catalog_status_next(5, s), n++) {
		assert_true((int)s->kind > last);
		assert_int_equal(s->number, 5);
		last = (int)s->kind;
	}
	assert_true(n >= 3); /* Win32, a fault, a reason in a bind_nak, a component */
}

static void
every_status_of_the_library_stands_in_the_catalogue(void **state)
{
#define ROW(name, n, text)                                                                         \
	assert_non_null(catalog_status_named(#name));                                              \
	assert_int_equal(catalog_status_named(#name)->number, n);                                  \
	assert_string_equal(catalog_status_named(#name)->sentence, text);
	SP_STATUS_TABLE(ROW)
#undef ROW
}

static void
components_are_called_as_the_library_calls_them(void **state)
{
	for (uint32_t i = 1; i <= 10; i++) {
		assert_non_null(sp_component_name(i));
		assert_non_null(catalog_status_find(STATUS_COMPONENT, i));
	}
	assert_string_equal(catalog_status_find(STATUS_COMPONENT, 8)->symbol, "winsock");
}

static void
every_status_has_a_sentence_and_every_vocabulary_a_name(void **state)
{
	const struct catalog_status *s;

	for (size_t i = 0; (s = catalog_status_at(i)); i++) {
		assert_true(*s->symbol && *s->sentence);
		assert_true(!s->win32 || s->win32->kind == STATUS_WIN32);
		assert_string_not_equal(catalog_status_kind_name(s->kind), "status");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_win32_status_is_found_by_number_and_symbol),
		cmocka_unit_test(an_hresult_of_a_win32_status_is_that_status),
		cmocka_unit_test(an_ntstatus_points_to_its_win32_twin_and_says_the_same),
		cmocka_unit_test(a_fault_has_the_names_of_the_standard_and_of_the_library),
		cmocka_unit_test(a_small_number_may_mean_many_things_the_likely_one_first),
		cmocka_unit_test(every_status_of_the_library_stands_in_the_catalogue),
		cmocka_unit_test(components_are_called_as_the_library_calls_them),
		cmocka_unit_test(every_status_has_a_sentence_and_every_vocabulary_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
