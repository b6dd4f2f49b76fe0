/* SPDX-License-Identifier: MIT */
/* Names that come again, what they mean then, and what published files take for granted. */
#include "idlc/idl_text.h"

#include "idlc/names.h"

static bool
says(const struct idl_text *t, const char *what)
{
	return strstr(t->said, what) != NULL;
}

static const struct operation *
operation_of(struct idl_text *t, const char *interface, const char *name)
{
	for (const struct decl *d = t->c.decls; d; d = d->next)
		for (const struct decl *own =
				d->kind == DECL_INTERFACE &&
						strcmp(d->interface->name, interface) == 0
					? d->interface->decls
					: NULL;
			own; own = own->next)
			if (own->kind == DECL_OPERATION && strcmp(own->operation->name, name) == 0)
				return own->operation;
	fail_msg("no operation %s.%s", interface, name);
	return NULL;
}

static void
expect_compiles(const char *text)
{
	struct idl_text t;

	if (!idl_text_compile_one(&t, text))
		fail_msg("%s", t.said);
	idl_text_fini(&t);
}

static void
expect_says(const char *text, const char *what)
{
	struct idl_text t;

	(void)!idl_text_compile_one(&t, text);
	if (!says(&t, what))
		fail_msg("'%s' is not in: %s", what, t.said);
	idl_text_fini(&t);
}

static void
the_same_definition_may_come_again(void **state)
{
	expect_compiles("typedef long a; typedef long a; typedef struct s { a x; } s, *ps;"
			"typedef struct s { a x; } s; const long C = 5; const long C = 5;");
	expect_compiles(
		"typedef unsigned char b; typedef byte b; typedef b c; typedef unsigned char c;");
	expect_compiles("typedef enum e { ONE = 1, TWO } e; typedef enum e { ONE = 1, TWO } e;");
}

static void
another_definition_in_the_same_file_is_refused_and_both_are_shown(void **state)
{
	struct idl_text t;

	assert_false(idl_text_compile_one(&t, "typedef long a;\ntypedef short a;\n"));
	assert_true(says(&t, "t.idl:2:15: error: 'a' is defined twice, and differently"));
	assert_true(says(&t, "t.idl:1:14: note: the first definition is here"));
	idl_text_fini(&t);
	expect_says("struct s { long x; }; struct s { short x; };", "'s' is defined twice");
	expect_says("const long C = 5; const long C = 6;", "'C' is defined twice");
	expect_says("typedef [string] char *a; typedef char *a;", "'a' is defined twice");
}

static void
another_definition_in_another_file_hides_the_imported_one(void **state)
{
	const struct idl_file files[] = {
		{"t.idl", "import \"base.idl\"; typedef struct { x before; } s;"
			  "typedef struct { long n; } x; typedef struct { x after; } u;"},
		{"base.idl", "typedef short x; typedef struct { x here; } b;"},
		{NULL, NULL},
	};
	struct idl_text t;

	assert_true(idl_text_compile(&t, files));
	assert_true(says(&t, "warning: 'x' is something else here than in what is imported"));
	assert_true(says(&t, "base.idl:1:15: note: the other definition is here"));
	assert_string_equal(names_find(&t.c, NAME_PLAIN, "x")->type->name, "t_x");
	assert_int_equal(names_find(&t.c, NAME_TAG, "b")->type->layout->size, 2);
	assert_int_equal(names_find(&t.c, NAME_TAG, "s")->type->layout->size, 2);
	assert_int_equal(names_find(&t.c, NAME_TAG, "u")->type->layout->size, 4);
	idl_text_fini(&t);
}

static void
a_name_that_is_almost_right_is_suggested(void **state)
{
	expect_says("typedef long DWORD; typedef DWROD x;", "perhaps 'DWORD' is meant");
	expect_says("typedef long DWORD; typedef dword x;", "perhaps 'DWORD' is meant");
	expect_says("typedef long DWORD; typedef COMPLETELY_ELSE x;", "unknown type");
}

static void
what_cannot_travel_may_be_declared_but_not_sent(void **state)
{
	expect_compiles("typedef struct { long a : 3; long b : 5; } bits; typedef union { long a; "
			"short b; } u;"
			"typedef struct { void *p; struct nowhere *q; u either; } s;");
	expect_says("typedef struct { long a : 3; } bits;" IDL_HEAD "void op([in] bits *x); }",
		"because of 'bits': a bit field has no place on the wire");
	expect_says("typedef struct { void *p; } s; typedef struct { s inner; } o;" IDL_HEAD
		    "void op([in] o *x); }",
		"because of 's': what a void pointer points to is not known");
}

static void
members_without_a_name_get_one(void **state)
{
	struct idl_text t;
	const struct type *s;

	assert_true(idl_text_compile_one(&t, "typedef struct s { union { long a; short b; }; union "
					     "{ long c; }; struct { long d; }; } s;"));
	s = names_find(&t.c, NAME_TAG, "s")->type;
	assert_string_equal(s->fields->name, "u");
	assert_string_equal(s->fields->next->name, "u2");
	assert_string_equal(s->fields->next->next->name, "s");
	idl_text_fini(&t);
}

#define OBJECT "[object, uuid(01234567-89ab-cdef-0123-456789abcdef)] interface "

static void
object_interfaces_count_from_where_their_base_ends(void **state)
{
	struct idl_text t;

	assert_true(idl_text_compile_one(&t, OBJECT
		"a : IUnknown { long a1(void); [local] long a2(void); long a3(void); }" OBJECT
		"b : a { long b1(void); }" OBJECT "c : IDispatch { long c1(void); }"));
	assert_int_equal(operation_of(&t, "a", "a1")->opnum, 3);
	assert_int_equal(operation_of(&t, "a", "a3")->opnum, 5);
	assert_int_equal(operation_of(&t, "b", "b1")->opnum, 6);
	assert_int_equal(operation_of(&t, "c", "c1")->opnum, 7);
	idl_text_fini(&t);
	expect_says(OBJECT "a : nowhere { long a1(void); }", "unknown base interface 'nowhere'");
}

static void
what_is_called_for_a_local_method_has_its_number(void **state)
{
	struct idl_text t;

	assert_true(idl_text_compile_one(&t, OBJECT
		"a : IUnknown { [local] long next(void); [call_as(next)] long remote_next(void);"
		"long last(void); }"));
	assert_int_equal(operation_of(&t, "a", "remote_next")->opnum, 3);
	assert_int_equal(operation_of(&t, "a", "last")->opnum, 4);
	idl_text_fini(&t);
}

static void
callbacks_and_local_operations_have_no_number(void **state)
{
	struct idl_text t;

	assert_true(idl_text_compile_one(
		&t, IDL_HEAD "[local] void a(void); [callback] void b(void); void c(void); }"));
	assert_int_equal(operation_of(&t, "t", "c")->opnum, 0);
	idl_text_fini(&t);
}

static void
the_operations_of_a_property_have_names_of_their_own(void **state)
{
	struct idl_text t;

	assert_true(idl_text_compile_one(&t, OBJECT "a : IUnknown { [propget] long x([out, retval] "
						    "long *v); [propput] long x([in] long v); }"));
	assert_int_equal(operation_of(&t, "a", "get_x")->opnum, 3);
	assert_int_equal(operation_of(&t, "a", "put_x")->opnum, 4);
	idl_text_fini(&t);
}

static void
asterisks_that_were_lost_are_found_in_the_name(void **state)
{
	struct idl_text t;
	const struct shape *s;

	assert_true(idl_text_compile_one(
		&t, IDL_HEAD "void op([out] long ppValue, [out] IUnknown pObject); }"));
	assert_true(says(&t, "'ppValue' is [out] and no pointer"));
	s = operation_of(&t, "t", "op")->params->shape;
	assert_int_equal(s->kind, SHAPE_POINTER);
	assert_int_equal(s->to->kind, SHAPE_POINTER);
	s = operation_of(&t, "t", "op")->params->next->shape;
	assert_int_equal(s->to->to->kind, SHAPE_OBJECT);
	idl_text_fini(&t);
	expect_says(IDL_HEAD "void op([out] long value); }", "must be a pointer");
}

static void
list_marks_of_documents_are_passed_over_and_minus_is_not(void **state)
{
	expect_compiles("- typedef enum {\n- ONE = 1,\n- TWO\n- } e;\n");
	expect_says("- typedef long a;\n", "list marks at the start of lines are passed over");
	expect_compiles(IDL_HEAD "const long A = 5\n- 3; }");
}

static void
sizes_of_structs_are_those_of_memory(void **state)
{
	struct idl_text t;

	assert_true(idl_text_compile_one(&t,
		"typedef struct s { byte a; hyper b; short c[3]; } s; typedef union u { long a; s "
		"b; } u;"
		"const long S = sizeof(s); const long P = sizeof(s *); const long D = ((s) -1);"));
	assert_int_equal(names_find(&t.c, NAME_PLAIN, "S")->constant->expr->value, 24);
	assert_int_equal(names_find(&t.c, NAME_PLAIN, "P")->constant->expr->value, 8);
	assert_int_equal(names_find(&t.c, NAME_PLAIN, "D")->constant->expr->value, -1);
	idl_text_fini(&t);
}

static void
ms_union_of_an_interface_is_that_of_its_unions(void **state)
{
	struct idl_text t;

	assert_true(idl_text_compile_one(&t,
		"[uuid(01234567-89ab-cdef-0123-456789abcdef), ms_union] interface t {"
		"typedef [switch_type(short)] union u { [case(1)] hyper a; } u;"
		"typedef union v switch (short s) { case 1: hyper a; } v; }"));
	assert_true(names_find(&t.c, NAME_TAG, "u")->type->ms_union);
	assert_false(names_find(&t.c, NAME_TAG, "v")->type->ms_union);
	idl_text_fini(&t);
}

static void
an_acf_gives_attributes_to_what_it_names(void **state)
{
	const struct idl_file files[] = {
		{"t.idl", IDL_HEAD "typedef long number; void op([in] number a); }"},
		{"t.acf", "[explicit_handle] interface t { typedef [allocate(all_nodes)] number;"
			  "include \"x.h\"; [nocode] op([byte_count(a)] a); }"},
		{NULL, NULL},
	};
	struct idl_text t;

	if (!idl_text_compile(&t, files))
		fail_msg("%s", t.said);
	assert_string_equal(operation_of(&t, "t", "op")->attrs->name, "nocode");
	assert_string_equal(operation_of(&t, "t", "op")->params->attrs->name, "byte_count");
	assert_string_equal(names_find(&t.c, NAME_PLAIN, "number")->type->attrs->name, "allocate");
	idl_text_fini(&t);
}

static void
an_acf_that_names_what_is_not_there_is_refused(void **state)
{
	const struct idl_file files[] = {
		{"t.idl", IDL_HEAD "void op([in] long a); }"},
		{"t.acf", "interface t {\n\top([notify] b);\n\tpo();\n}"},
		{NULL, NULL},
	};
	struct idl_text t;

	assert_false(idl_text_compile(&t, files));
	assert_true(says(&t, "t.acf:2:14: error: the IDL file has no parameter 'b'"));
	assert_true(says(&t, "t.acf:3:2: error: the IDL file has no operation 'po'"));
	idl_text_fini(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_definition_may_come_again),
		cmocka_unit_test(another_definition_in_the_same_file_is_refused_and_both_are_shown),
		cmocka_unit_test(another_definition_in_another_file_hides_the_imported_one),
		cmocka_unit_test(a_name_that_is_almost_right_is_suggested),
		cmocka_unit_test(what_cannot_travel_may_be_declared_but_not_sent),
		cmocka_unit_test(members_without_a_name_get_one),
		cmocka_unit_test(object_interfaces_count_from_where_their_base_ends),
		cmocka_unit_test(what_is_called_for_a_local_method_has_its_number),
		cmocka_unit_test(callbacks_and_local_operations_have_no_number),
		cmocka_unit_test(the_operations_of_a_property_have_names_of_their_own),
		cmocka_unit_test(asterisks_that_were_lost_are_found_in_the_name),
		cmocka_unit_test(list_marks_of_documents_are_passed_over_and_minus_is_not),
		cmocka_unit_test(sizes_of_structs_are_those_of_memory),
		cmocka_unit_test(ms_union_of_an_interface_is_that_of_its_unions),
		cmocka_unit_test(an_acf_gives_attributes_to_what_it_names),
		cmocka_unit_test(an_acf_that_names_what_is_not_there_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
