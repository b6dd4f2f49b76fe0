/* SPDX-License-Identifier: MIT */
/* The kernel's own ports, from a procfs that we write. */
#include "ports/kernel.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"

static char proc[64];
static struct ports_kernel kernel;

static int
proc_make(void **state)
{
	char command[100];

	strcpy(proc, "/tmp/sallyport-kernel-XXXXXX");
	if (!mkdtemp(proc))
		return -1;
	snprintf(command, sizeof(command), "mkdir -p %s/sys/net/ipv4", proc);
	return system(command);
}

static int
proc_remove(void **state)
{
	char command[100];

	snprintf(command, sizeof(command), "rm -r %s", proc);
	return system(command);
}

static void
file_put(const char *name, const char *text)
{
	char path[160];
	FILE *f;

	snprintf(path, sizeof(path), "%s/sys/net/ipv4/%s", proc, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void
kernel_put(const char *range, const char *reserved)
{
	file_put("ip_local_port_range", range);
	file_put("ip_local_reserved_ports", reserved);
	ports_kernel_read(proc, &kernel);
}

static void
assert_overlap(const char *ports, const char *expected)
{
	struct port_set set;
	char text[100];

	assert_true(port_set_parse(ports, &set));
	ports_kernel_overlap(&kernel, &set, &set); /* in place, too */
	port_set_format(&set, text, sizeof(text));
	assert_string_equal(text, expected);
}

static void
ports_that_can_be_lost_are_those_in_the_range_that_are_not_reserved(void **state)
{
	kernel_put("32768\t60999\n", "\n");
	assert_true(kernel.is_known);
	assert_overlap("5000-5100", "");
	assert_overlap("60900-61100,40000", "40000,60900-60999");
	kernel_put("32768\t60999\n", "40000,60950-61000\n");
	assert_overlap("60900-61100,40000", "60900-60949");
}

static void
what_cannot_be_read_is_not_known_and_nothing_is_claimed(void **state)
{
	static const char *const ranges[] = {"", "x", "5", "60999 32768", "1 99999"};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		kernel_put(ranges[i], "");
		assert_false(kernel.is_known);
		assert_overlap("1-65535", "");
	}
	kernel_put("32768 60999", "nonsense");
	assert_false(kernel.is_known);
	ports_kernel_read("/nonexistent", &kernel);
	assert_false(kernel.is_known);
}

static void
what_others_reserved_stays_in_the_line(void **state)
{
	struct port_set set;
	char *line;

	kernel_put("32768 60999", "8080,50050");
	assert_true(port_set_parse("50000-50099", &set));
	line = ports_kernel_line(&kernel, &set);
	assert_string_equal(line, "net.ipv4.ip_local_reserved_ports = 8080,50000-50099");
	mem_free(line);
	mem_fail_nth(1);
	assert_null(ports_kernel_line(&kernel, &set));
	mem_fail_nth(0);
}

static void
what_cannot_be_written_is_said_with_its_file(void **state)
{
	struct sp_error error = {0};
	struct port_set set;
	char text[200];

	kernel_put("32768 60999", "");
	assert_true(port_set_parse("50000", &set));
	assert_true(ports_kernel_apply(&kernel, &set, "/nonexistent", NULL, &error) != 0);
	assert_non_null(
		strstr(error.sentence, "/nonexistent/sys/net/ipv4/ip_local_reserved_ports"));
	assert_non_null(strstr(error.sentence, "nothing was changed"));
	assert_int_equal(error.sys_errno, ENOENT);
	assert_true(ports_kernel_apply(&kernel, &set, proc, "/nonexistent/x.conf", &error) != 0);
	assert_non_null(strstr(error.sentence, "until the next start of the machine only"));
	ports_kernel_read(proc, &kernel); /* that much was done */
	assert_true(port_set_has(&kernel.reserved, 50000));
	snprintf(text, sizeof(text), "%s/x.conf", proc);
	assert_int_equal(ports_kernel_apply(&kernel, &set, proc, text, &error), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			ports_that_can_be_lost_are_those_in_the_range_that_are_not_reserved),
		cmocka_unit_test(what_cannot_be_read_is_not_known_and_nothing_is_claimed),
		cmocka_unit_test(what_others_reserved_stays_in_the_line),
		cmocka_unit_test(what_cannot_be_written_is_said_with_its_file),
	};

	return cmocka_run_group_tests(tests, proc_make, proc_remove);
}
