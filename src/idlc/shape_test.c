/* SPDX-License-Identifier: MIT */
#include "idlc/idl_text.h"

#include "idlc/layout.h"
#include "idlc/parser.h"
#include "idlc/shape.h"

static struct idl_text t;

/* The first parameter of the only operation. */
static const struct shape *
parameter_shape(const char *declarations)
{
	char text[1000];
	struct decl *d;

	snprintf(text, sizeof(text), IDL_HEAD "%s }", declarations);
	if (!idl_text_compile_one(&t, text))
		fail_msg("%s", t.said);
	d = t.c.decls->next->interface->decls;
	while (d->kind != DECL_OPERATION)
		d = d->next;
	return d->operation->params->shape;
}

static int
end(void **state)
{
	idl_text_fini(&t);
	return 0;
}

static void
a_top_level_pointer_is_ref_and_an_inner_one_unique(void **state)
{
	const struct shape *s = parameter_shape("void op([in] long **x);");

	assert_int_equal(s->kind, SHAPE_POINTER);
	assert_int_equal(s->pointer, POINTER_REF);
	assert_int_equal(s->to->pointer, POINTER_UNIQUE);
	assert_int_equal(s->to->to->kind, SHAPE_SCALAR);
}

static void
a_comma_moves_a_size_to_the_inner_pointer(void **state)
{
	const struct shape *s =
		parameter_shape("void op([in, size_is(, n)] short **x, [in] long n);");

	assert_int_equal(s->to->kind, SHAPE_POINTER);
	assert_int_equal(s->to->to->kind, SHAPE_ARRAY);
	assert_true(s->to->to->dimensions[0].is_open);
	assert_string_equal(s->to->to->dimensions[0].size->text, "n");
}

static void
string_goes_to_the_pointer_to_characters(void **state)
{
	const struct shape *s = parameter_shape("void op([in, string] wchar_t **x);");

	assert_int_equal(s->to->kind, SHAPE_POINTER);
	assert_true(s->to->to->is_string);
	assert_true(s->to->to->dimensions[0].is_varying);
}

static void
an_array_of_strings_has_its_own_last_dimension(void **state)
{
	const struct shape *s = parameter_shape("void op([in, string] char x[3][20]);");

	assert_int_equal(s->to->n_dimensions, 1);
	assert_false(s->to->is_string);
	assert_true(s->to->to->is_string);
	assert_int_equal(s->to->to->dimensions[0].bound, 20);
}

static void
attributes_of_a_typedef_come_along(void **state)
{
	const struct shape *s =
		parameter_shape("typedef [string, unique] wchar_t *text; void op([in] text x);");

	assert_int_equal(s->pointer, POINTER_UNIQUE);
	assert_true(s->to->is_string);
}

static void
dimensions_with_one_size_are_one_array(void **state)
{
	const struct shape *s =
		parameter_shape("void op([in, size_is(n)] long x[][4], [in] short n);");

	assert_int_equal(s->to->n_dimensions, 2);
	assert_true(s->to->dimensions[0].is_open);
	assert_int_equal(s->to->dimensions[1].bound, 4);
}

static struct layout
layout(const char *fields)
{
	char text[600];
	const struct shape *s;

	snprintf(text, sizeof(text), "typedef struct { %s } s; void op([in] s *x);", fields);
	s = parameter_shape(text);
	return layout_of(&t.c, s->to);
}

static void
a_struct_aligns_as_its_largest_field(void **state)
{
	assert_int_equal(layout("byte a; short b;").alignment, 2);
	end(state);
	assert_int_equal(layout("byte a; hyper b;").alignment, 8);
	end(state);
	assert_int_equal(layout("byte a; short *b;").alignment, 4);
	end(state);
	assert_int_equal(layout("byte a; [string] char b[9];").alignment, 4);
	end(state);
	assert_int_equal(layout("byte a; byte b[9];").alignment, 1);
}

static void
only_what_has_no_gap_and_no_check_is_flat(void **state)
{
	assert_true(layout("short a; short b; long c; uuid_t d; byte e[3];").is_flat);
	end(state);
	assert_false(layout("byte a; long c;").is_flat);
	end(state);
	assert_false(layout("long a; [range(0, 5)] long b;").is_flat);
	end(state);
	assert_false(layout("long *a;").is_flat);
	end(state);
	assert_false(layout("enum { A, B } a;").is_flat);
}

static void
the_fewest_bytes_leave_out_what_may_be_missing(void **state)
{
	assert_int_equal(layout("long n; [size_is(n)] hyper v[];").least, 4);
	end(state);
	assert_int_equal(layout("hyper a; [string] char b[100];").least, 16);
	end(state);
	assert_int_equal(layout("").least, 1);
}

static void
a_conformant_tail_makes_its_struct_conformant(void **state)
{
	assert_true(layout("long n; [size_is(n)] long v[];").is_conformant);
	end(state);
	assert_true(layout("struct inner { long n; [size_is(n)] long v[]; } i;").is_conformant);
	end(state);
	assert_false(layout("long n; [size_is(n)] long *v;").is_conformant);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_top_level_pointer_is_ref_and_an_inner_one_unique, end),
		cmocka_unit_test_teardown(a_comma_moves_a_size_to_the_inner_pointer, end),
		cmocka_unit_test_teardown(string_goes_to_the_pointer_to_characters, end),
		cmocka_unit_test_teardown(an_array_of_strings_has_its_own_last_dimension, end),
		cmocka_unit_test_teardown(attributes_of_a_typedef_come_along, end),
		cmocka_unit_test_teardown(dimensions_with_one_size_are_one_array, end),
		cmocka_unit_test_teardown(a_struct_aligns_as_its_largest_field, end),
		cmocka_unit_test_teardown(only_what_has_no_gap_and_no_check_is_flat, end),
		cmocka_unit_test_teardown(the_fewest_bytes_leave_out_what_may_be_missing, end),
		cmocka_unit_test_teardown(a_conformant_tail_makes_its_struct_conformant, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
