/* SPDX-License-Identifier: MIT */
/* Hives as Windows keeps them: a root made by hand, the rest through hivex. */
#include "ports/hive.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <hivex.h>

#include "ports/hive_made.h"
#include "ports/policy.h"
#include "ports/registry.h"

static struct ports_policy policy;
static char path[64];

static hive_h *
hive_open(void)
{
	uint8_t file[HIVE_MADE_SIZE];
	hive_h *h;
	FILE *f;
	int fd;

	strcpy(path, "/tmp/sallyport-hive-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	hive_made(file);
	f = fdopen(fd, "w");
	assert_int_equal(fwrite(file, sizeof(file), 1, f), 1);
	fclose(f);
	h = hivex_open(path, HIVEX_OPEN_WRITE);
	assert_non_null(h);
	return h;
}

static hive_node_h
key_make(hive_h *h, const char *key)
{
	hive_node_h node = hivex_root(h), child;
	char *copy = strdup(key), *rest = NULL;

	for (char *name = strtok_r(copy, "\\", &rest); name; name = strtok_r(NULL, "\\", &rest)) {
		child = hivex_node_get_child(h, node, name);
		node = child ? child : hivex_node_add_child(h, node, name);
		assert_true(node);
	}
	free(copy);
	return node;
}

static void
value_add(
	hive_h *h, const char *key, const char *name, uint32_t type, const char *bytes, size_t len)
{
	hive_node_h node = key_make(h, key);
	hive_set_value v = {.key = (char *)(uintptr_t)name,
		.t = (hive_type)type,
		.len = len,
		.value = (char *)(uintptr_t)bytes};

	assert_int_equal(hivex_node_set_value(h, node, &v, 0), 0);
}

static const char PORTS[] =
	"5\0000\0000\0000\0-\0005\0001\0000\0000\0\0\0005\0009\0008\0004\0\0\0\0";
static const char Y[] = "Y\0\0";

static void
internet_add(hive_h *h, const char *key)
{
	value_add(h, key, "ports", REGISTRY_MULTI_SZ, PORTS, sizeof(PORTS));
	value_add(h, key, "PortsInternetAvailable", REGISTRY_SZ, Y, sizeof(Y));
	value_add(h, key, "UseInternetPorts", REGISTRY_SZ, "n\0\0", 4);
	value_add(h, key, "Unrelated", REGISTRY_BINARY, "x", 1);
}

static void
judge(hive_h *h)
{
	struct ports_config config;

	if (h) {
		assert_int_equal(hivex_commit(h, NULL, 0), 0);
		hivex_close(h);
	}
	ports_policy_fini(&policy);
	ports_config_init(&config, "NTUSER");
	assert_true(ports_hive_is(path));
	ports_hive_read(&config, path);
	ports_policy_judge(&policy, &config);
	unlink(path);
}

static int
forget(void **state)
{
	ports_policy_fini(&policy);
	return 0;
}

static void
assert_has_listed_ports(void)
{
	assert_true(policy.valid && policy.configured);
	assert_int_equal(policy.config.form, PORTS_HIVE);
	assert_string_equal(policy.config.ports.items[0].text, "5000-5100");
	assert_string_equal(policy.config.ports.items[1].text, "5984");
	assert_int_equal(policy.config.ports.n, 2);
	assert_true(policy.internet_available);
	assert_false(policy.use_internet);
}

static void
listed_ports_are_found_in_a_software_hive_or_in_a_branch_of_it(void **state)
{
	static const char *const keys[] = {"Microsoft\\Rpc\\Internet", "Rpc\\Internet", "Internet",
		"", "Software\\Microsoft\\Rpc\\Internet"};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		hive_h *h = hive_open();

		internet_add(h, keys[i]);
		judge(h);
		assert_has_listed_ports();
	}
}

static void
a_system_hive_is_read_by_its_current_control_set(void **state)
{
	hive_h *h = hive_open();

	value_add(h, "Select", "Current", REGISTRY_DWORD, "\2\0\0\0", 4);
	value_add(h, "ControlSet001\\Services\\NTDS\\Parameters", "TCP/IP Port", REGISTRY_DWORD,
		"\1\0\0\0", 4);
	value_add(h, "ControlSet002\\Services\\NTDS\\Parameters", "TCP/IP Port", REGISTRY_DWORD,
		"\x51\xc3\0\0", 4);
	value_add(h, "ControlSet002\\Services\\Rpc\\Linkage", "Bind", REGISTRY_MULTI_SZ,
		"e\0t\0h\0000\0\0\0\0", 12);
	judge(h);
	assert_true(policy.valid);
	assert_int_equal(policy.n_fixed, 1);
	assert_string_equal(policy.fixed[0].interface, "ntds");
	assert_int_equal(policy.fixed[0].port, 50001);
	assert_int_equal(policy.config.bind.n, 1);
	assert_string_equal(policy.config.bind.items[0].text, "eth0");
}

static void
wrong_types_and_empty_lists_are_found(void **state)
{
	hive_h *h = hive_open();

	value_add(h, "Microsoft\\Rpc\\Internet", "Ports", REGISTRY_SZ, PORTS, sizeof(PORTS));
	value_add(h, "Microsoft\\Rpc\\Internet", "UseInternetPorts", REGISTRY_SZ, Y, sizeof(Y));
	value_add(h, "Microsoft\\Rpc\\Internet", "PortsInternetAvailable", REGISTRY_SZ, "", 0);
	value_add(h, "System\\CurrentControlSet\\Services\\Rpc\\Linkage", "Bind", REGISTRY_MULTI_SZ,
		"\0\0\0", 4);
	judge(h);
	assert_false(policy.valid);
	assert_int_equal(policy.config.findings.n_errors, 3);
	assert_non_null(strstr(policy.why_invalid.sentence, "NTUSER"));
}

static void
a_hive_without_our_keys_says_nothing(void **state)
{
	judge(hive_open());
	assert_false(policy.valid);
	assert_int_equal(policy.config.findings.items[0].fault, PORTS_FAULT_NOTHING);
}

static void
a_broken_hive_is_called_so(void **state)
{
	hivex_close(hive_open());
	assert_int_equal(truncate(path, HIVE_MADE_SIZE / 2 + 100), 0);
	judge(NULL);
	assert_false(policy.valid);
	assert_int_equal(policy.config.findings.items[0].fault, PORTS_FAULT_SYNTAX);
	assert_non_null(strstr(policy.config.findings.items[0].remedy, "reg save"));
}

static void
text_is_no_hive(void **state)
{
	assert_false(ports_hive_is("/proc/self/status"));
	assert_false(ports_hive_is("/nonexistent"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(listed_ports_are_found_in_a_software_hive_or_in_a_branch_of_it),
		cmocka_unit_test(a_system_hive_is_read_by_its_current_control_set),
		cmocka_unit_test(wrong_types_and_empty_lists_are_found),
		cmocka_unit_test(a_hive_without_our_keys_says_nothing),
		cmocka_unit_test(a_broken_hive_is_called_so),
		cmocka_unit_test(text_is_no_hive),
	};

	return cmocka_run_group_tests(tests, NULL, forget);
}
