/* SPDX-License-Identifier: MIT */
#include "idlc/idl_text.h"

#include "idlc/parser.h"

static struct decl *
interface_of(struct idl_text *t)
{
	struct decl *d = t->c.decls;

	while (d && d->kind != DECL_INTERFACE)
		d = d->next;
	assert_non_null(d);
	return d;
}

static void
an_interface_has_its_uuid_version_and_operations(void **state)
{
	struct idl_text t;
	const struct interface *i;

	assert_true(idl_text_compile_one(&t, IDL_HEAD "void a(void); long b([in] long x); }"));
	i = interface_of(&t)->interface;
	assert_string_equal(i->name, "t");
	assert_int_equal(i->uuid.time_low, 0x01234567);
	assert_int_equal(i->uuid.node[5], 0xef);
	assert_int_equal(i->major, 3);
	assert_int_equal(i->minor, 5);
	assert_int_equal(i->n_operations, 2);
	idl_text_fini(&t);
}

static void
expect_constant(const char *expression, int64_t expected)
{
	char text[200];
	struct idl_text t;

	snprintf(text, sizeof(text), IDL_HEAD "const long SEVEN = 7; const hyper C = %s; }",
		expression);
	assert_true(idl_text_compile_one(&t, text));
	assert_int_equal(interface_of(&t)->interface->decls->next->expr->value, expected);
	idl_text_fini(&t);
}

static void
constants_follow_the_precedence_of_c(void **state)
{
	expect_constant("1 + 2 * 3", 7);
	expect_constant("(1 + 2) * 3", 9);
	expect_constant("1 << 2 + 1", 8);
	expect_constant("1 | 2 ^ 3 & 6", 1 | (2 ^ (3 & 6)));
	expect_constant("10 - 3 - 2", 5);
	expect_constant("-7 / 2", -3);
	expect_constant("-7 % 4", -3);
	expect_constant("~0 & 0xff", 255);
	expect_constant("!5 == 0 && 2 > 1", 1);
	expect_constant("SEVEN > 6 ? SEVEN : 0 ? 1 : 2", 7);
	expect_constant("'a' + sizeof(long)", 'a' + 4);
	expect_constant("(unsigned long) 5 >= 5", 1);
}

static void
an_error_in_one_declaration_does_not_hide_the_next(void **state)
{
	struct idl_text t;

	assert_false(idl_text_compile_one(&t, IDL_HEAD "typedef struct { long ok; } a;\n"
						       "void b([in] long x;\n"
						       "void c([in] long x);\n"
						       "void d(long x long y); }"));
	assert_non_null(strstr(t.said, "t.idl:3:19: error: expected ')' at ';'"));
	assert_non_null(strstr(t.said, "t.idl:5:15: error: expected ')' at 'long'"));
	assert_int_equal(t.c.n_errors, 2);
	idl_text_fini(&t);
}

static void
errors_show_the_line_and_a_caret(void **state)
{
	struct idl_text t;

	assert_false(idl_text_compile_one(&t, "const long A = 5 +;"));
	assert_string_equal(t.said, "t.idl:1:19: error: expected an expression at ';'\n"
				    "  const long A = 5 +;\n"
				    "                    ^\n");
	idl_text_fini(&t);
}

static void
control_characters_of_the_file_do_not_reach_the_terminal(void **state)
{
	struct idl_text t;

	assert_false(idl_text_compile_one(&t, "\x1b[31m"));
	assert_null(strchr(t.said, '\x1b'));
	idl_text_fini(&t);
}

static void
an_import_is_read_once_and_from_beside_the_importer(void **state)
{
	const struct idl_file files[] = {
		{"d/t.idl",
			"import \"a.idl\", \"b.idl\";\n" IDL_HEAD "void x([in] A a, [in] B b); }"},
		{"d/a.idl", "typedef long A;"},
		{"d/b.idl", "import \"a.idl\"; typedef A B;"},
		{NULL, NULL},
	};
	struct idl_text t;

	assert_true(idl_text_compile(&t, files));
	assert_int_equal(t.said_len, 0);
	idl_text_fini(&t);
}

static void
an_import_of_itself_ends(void **state)
{
	const struct idl_file files[] = {
		{"t.idl", "import \"t.idl\"; typedef long A;"}, {NULL, NULL}};
	struct idl_text t;

	assert_true(idl_text_compile(&t, files));
	idl_text_fini(&t);
}

static void
expect_too_deep(const char *open, size_t n, const char *close)
{
	char text[8192] = "const long A = ";
	struct idl_text t;

	for (size_t i = 0; i < n; i++)
		strcat(text, open);
	strcat(text, close);
	assert_false(idl_text_compile_one(&t, text));
	assert_non_null(strstr(t.said, "nested too deeply"));
	idl_text_fini(&t);
}

static void
what_is_nested_too_deeply_is_refused(void **state)
{
	expect_too_deep("(", 2000, ";");
	expect_too_deep("-", 2000, "1;");
	expect_too_deep("1?", 2000, "1;");
	expect_too_deep("sizeof(struct { long x[", 300, ";");
}

static void
an_attribute_that_is_not_known_warns_once(void **state)
{
	struct idl_text t;

	assert_true(idl_text_compile_one(&t,
		IDL_HEAD "[frob(1, \"a)b\")] void a([in, frob] long x); [frob] void b(void); }"));
	assert_int_equal(t.c.n_warnings, 1);
	assert_non_null(strstr(t.said, "attribute 'frob'"));
	idl_text_fini(&t);
}

static void
every_prefix_of_a_file_is_survived(void **state)
{
	static const char whole[] = IDL_HEAD
		"typedef [switch_type(short)] union { case 1: [string] char *s; [default] ; } u;\n"
		"typedef struct { enum { A = 1, B } e; [switch_is(e)] u v; [size_is(, 3 + A)] long "
		"**p; } s;\n"
		"void op([in, out, size_is(*n)] s x[], [in, out] long *n); }\n";
	char text[sizeof(whole)];
	struct idl_text t;

	for (size_t n = 0; n < sizeof(whole); n++) {
		memcpy(text, whole, n);
		text[n] = '\0';
		(void)!idl_text_compile_one(&t, text);
		idl_text_fini(&t);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_interface_has_its_uuid_version_and_operations),
		cmocka_unit_test(constants_follow_the_precedence_of_c),
		cmocka_unit_test(an_error_in_one_declaration_does_not_hide_the_next),
		cmocka_unit_test(errors_show_the_line_and_a_caret),
		cmocka_unit_test(control_characters_of_the_file_do_not_reach_the_terminal),
		cmocka_unit_test(an_import_is_read_once_and_from_beside_the_importer),
		cmocka_unit_test(an_import_of_itself_ends),
		cmocka_unit_test(what_is_nested_too_deeply_is_refused),
		cmocka_unit_test(an_attribute_that_is_not_known_warns_once),
		cmocka_unit_test(every_prefix_of_a_file_is_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
