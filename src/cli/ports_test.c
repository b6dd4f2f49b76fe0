/* SPDX-License-Identifier: MIT */
/* sallyport ports, as it is typed: what it prints, and its exit status. */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "cli/commands.h"

#define YY "ports_internet_available: Y\nuse_internet_ports: Y\n"

static char dir[64], said[1 << 16], talked[2000];

static void
file_put(const char *name, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void
stream_keep(FILE *f, char **text, char *ret, size_t cap)
{
	fclose(f);
	snprintf(ret, cap, "%s", *text);
	free(*text);
}

/* Runs in the test's folder. */
static int
type(const char *line)
{
	static char room[300];
	static char *words[12];
	char *rest = NULL, *out = NULL, *talk = NULL;
	size_t out_len, talk_len;
	FILE *out_file = open_memstream(&out, &out_len),
	     *talk_file = open_memstream(&talk, &talk_len);
	struct settings settings;
	struct report report;
	int n = 0, outcome = OUTCOME_USAGE;

	assert_int_equal(chdir(dir), 0);
	snprintf(room, sizeof(room), "%s", line);
	for (char *word = strtok_r(room, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
		words[n++] = word;
	if (options_parse(&command_ports, n, words, &settings, talk_file)) {
		report_init(&report, settings.json ? &renderer_json : &renderer_text, out_file,
			talk_file);
		outcome = (int)command_ports.run(&settings, &report);
		assert_true(report_end(&report));
	}
	stream_keep(out_file, &out, said, sizeof(said));
	stream_keep(talk_file, &talk, talked, sizeof(talked));
	return outcome;
}

static int
folder_make(void **state)
{
	strcpy(dir, "/tmp/sallyport-cli-ports-XXXXXX");
	unsetenv("SALLYPORT_PORTS");
	return mkdtemp(dir) ? 0 : -1;
}

static int
folder_remove(void **state)
{
	char command[100];

	snprintf(command, sizeof(command), "rm -r %s", dir);
	return system(command);
}

static void
a_good_file_is_called_good(void **state)
{
	file_put("good.yaml", "ports: [61000-61099]\n" YY);
	assert_int_equal(type("check good.yaml"), OUTCOME_GOOD);
	assert_string_equal(said, "good.yaml: good\n");
}

static void
the_file_that_is_shipped_is_good(void **state)
{
	assert_int_equal(type("check " SHIPPED_FILE), OUTCOME_GOOD);
}

static void
all_findings_of_all_files_come_at_once(void **state)
{
	file_put("a.yaml", "ports: [5984, x]\n" YY);
	file_put("b.reg", "REGEDIT4\n[HKLM\\Software\\Microsoft\\Rpc\\Internet]\n"
			  "\"Ports\"=hex(7):39,00,00\n\"UseInternetPorts\"=\"J\"\n");
	assert_int_equal(type("check a.yaml b.reg"), OUTCOME_NEGATIVE);
	assert_string_equal(said,
		"a.yaml:1:8: warning: 1 port is listed\n"
		"    remedy: allow at least 100: fewer run out on busy machines\n"
		"a.yaml:1:15: error: ports has an entry that is neither a port nor a range: \"x\"\n"
		"    remedy: write a port as 5984 or a range as 5000-5100\n"
		"a.yaml: 1 error, 1 warning: every dynamic endpoint fails with 87 until it is "
		"corrected\n"
		"b.reg: error: PortsInternetAvailable is missing\n"
		"    remedy: add it: all three values belong together\n"
		"b.reg:3:9: warning: 1 port is listed\n"
		"    remedy: allow at least 100: fewer run out on busy machines\n"
		"b.reg:3:9: warning: ports at or below 5000 are listed: \"9\"\n"
		"    remedy: choose ports above 5000: those below may belong to other programs\n"
		"b.reg:4:20: error: UseInternetPorts is neither Y nor N: \"J\"\n"
		"    remedy: write Y or N\n"
		"b.reg: 2 errors, 2 warnings: every dynamic endpoint fails with 87 until it is "
		"corrected\n");
}

static void
findings_are_records_for_programs(void **state)
{
	json_t *finding, *file;

	file_put("a.yaml", "ports: [61000-61200, 2-1]\n" YY);
	assert_int_equal(type("check --json a.yaml"), OUTCOME_NEGATIVE);
	finding = json_loads(said, JSON_DISABLE_EOF_CHECK, NULL);
	file = json_loads(strchr(said, '\n'), JSON_DISABLE_EOF_CHECK, NULL);
	assert_string_equal(json_string_value(json_object_get(finding, "record")), "port_finding");
	assert_string_equal(json_string_value(json_object_get(finding, "code")), "entry_backwards");
	assert_string_equal(json_string_value(json_object_get(finding, "entry")), "2-1");
	assert_int_equal(json_integer_value(json_object_get(finding, "line")), 1);
	assert_int_equal(json_integer_value(json_object_get(finding, "column")), 22);
	assert_int_equal(json_integer_value(json_object_get(file, "status")), 87);
	assert_true(json_is_false(json_object_get(file, "valid")));
	json_decref(finding);
	json_decref(file);
}

static void
a_file_that_is_not_there_could_not_be_checked(void **state)
{
	assert_int_equal(type("check none.yaml"), OUTCOME_COULD_NOT_RUN);
	assert_non_null(strstr(talked, "none.yaml - No such file"));
	assert_int_equal(type("convert --to yaml none.yaml"), OUTCOME_COULD_NOT_RUN);
	assert_int_equal(type("check ."), OUTCOME_COULD_NOT_RUN);
	assert_non_null(strstr(said, "it cannot be read: Is a directory"));
}

static void
what_is_in_force_is_shown(void **state)
{
	file_put("p.yaml", "ports: [61000-61099]\nports_internet_available: N\n"
			   "use_internet_ports: N\nbind: [lo]\nfixed: {dfsr: 5722}\n");
	assert_int_equal(type("show p.yaml"), OUTCOME_GOOD);
	assert_non_null(strstr(said,
		"p.yaml (YAML file)\n"
		"    internet    16284 ports  49152-60999,61100-65535\n"
		"    intranet      100 ports  61000-61099  (what a server gets that asks for "
		"neither)\n"
		"    interfaces  lo\n"
		"    fixed        5722  dfsr (frstransport)\n"
		"    kernel      gives "));
	setenv("SALLYPORT_PORTS", "p.yaml", 1);
	assert_int_equal(type("show --json"), OUTCOME_GOOD);
	assert_non_null(strstr(said, "\"intranet\":{\"ranges\":\"61000-61099\",\"ports\":100,"
				     "\"default\":true},\"bind\":[\"lo\"]"));
	unsetenv("SALLYPORT_PORTS");
}

static void
an_invalid_policy_is_neither_shown_nor_converted_nor_tried(void **state)
{
	file_put("bad.yaml", "ports: []\n" YY);
	assert_int_equal(type("show bad.yaml"), OUTCOME_NEGATIVE);
	assert_non_null(strstr(said, "bad.yaml:1:8: error: ports is an empty list\n"));
	assert_int_equal(type("convert --to reg bad.yaml"), OUTCOME_NEGATIVE);
	assert_int_equal(type("test bad.yaml"), OUTCOME_NEGATIVE);
}

static void
what_windows_had_becomes_what_we_read(void **state)
{
	file_put("rpc.reg", "REGEDIT4\n[HKLM\\Software\\Microsoft\\Rpc\\Internet]\n"
			    "\"Ports\"=hex(7):35,35,35,35,00,00\n\"UseInternetPorts\"=\"y\"\n"
			    "\"PortsInternetAvailable\"=\"n\"\n");
	assert_int_equal(type("convert rpc.reg --to yaml"), OUTCOME_GOOD);
	assert_string_equal(said, "# A port policy for dynamic RPC endpoints: see "
				  "sallyport-ports(5).\nports:\n  - 5555\n"
				  "ports_internet_available: N\nuse_internet_ports: Y\n");
}

static void
wrong_words_are_usage(void **state)
{
	file_put("good.yaml", "ports: [61000-61099]\n" YY);
	assert_int_equal(type("chekc"), OUTCOME_USAGE);
	assert_non_null(strstr(talked, "did you mean check?"));
	assert_int_equal(type("convert good.yaml"), OUTCOME_USAGE);
	assert_int_equal(type("convert good.yaml --to toml"), OUTCOME_USAGE);
	assert_int_equal(type("show good.yaml good.yaml"), OUTCOME_USAGE);
	assert_int_equal(type("test good.yaml --for everybody"), OUTCOME_USAGE);
	assert_int_equal(type("test good.yaml --apply"), OUTCOME_USAGE);
	assert_non_null(strstr(talked, "test has no option --apply"));
	assert_int_equal(type("check good.yaml --to yaml"), OUTCOME_USAGE);
	assert_int_equal(type(""), OUTCOME_USAGE);
}

/* --- on a machine of our own: its own ports, its own settings of the kernel --- */

static bool
machine_enter(void)
{
	char map[40];
	uid_t uid = getuid();
	FILE *f;

	if (unshare((uid ? CLONE_NEWUSER : 0) | CLONE_NEWNET | CLONE_NEWNS))
		return false;
	if (uid) {
		f = fopen("/proc/self/uid_map", "w");
		snprintf(map, sizeof(map), "0 %u 1", uid);
		if (!f || fputs(map, f) < 0 || fclose(f))
			return false;
	}
	return !mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) &&
	       !mount("tmpfs", "/etc/sysctl.d", "tmpfs", 0, NULL);
}

/* A failed assertion in the child ends it with a status of its own. */
static void
on_a_machine_of_our_own(void (*run)(void))
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		if (!machine_enter())
			_exit(3);
		run();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

#define CHILD_ASSERT(condition)                                                                    \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: %s\n%s%s", __FILE__, __LINE__, #condition, said,   \
				talked);                                                           \
			_exit(1);                                                                  \
		}                                                                                  \
	} while (0)

static void
file_get(const char *path, char *ret, size_t cap)
{
	FILE *f = fopen(path, "r");
	size_t n = f ? fread(ret, 1, cap - 1, f) : 0;

	ret[n] = '\0';
	if (f)
		fclose(f);
}

static void
apply_and_look(void)
{
	char text[400];

	CHILD_ASSERT(type("check p.yaml") == OUTCOME_NEGATIVE);
	CHILD_ASSERT(strstr(said, "100 ports (60900-60999) can be taken by outgoing connections: "
				  "the kernel gives 32768-60999 to them\n    remedy: sysctl -w "
				  "\"net.ipv4.ip_local_reserved_ports = 60900-60999\"\n"));
	CHILD_ASSERT(type("check --apply p.yaml") == OUTCOME_GOOD);
	CHILD_ASSERT(strstr(said, "p.yaml: good\n"));
	file_get("/proc/sys/net/ipv4/ip_local_reserved_ports", text, sizeof(text));
	CHILD_ASSERT(!strcmp(text, "60900-60999\n"));
	file_get("/etc/sysctl.d/60-sallyport-ports.conf", text, sizeof(text));
	CHILD_ASSERT(strstr(text, "\nnet.ipv4.ip_local_reserved_ports = 60900-60999\n"));
	/* a second time there is nothing to do, and what others reserve later stays */
	CHILD_ASSERT(type("check --apply p.yaml") == OUTCOME_GOOD);
	CHILD_ASSERT(!strstr(talked, "set, now"));
}

static void
ports_are_reserved_now_and_for_the_next_start(void **state)
{
	file_put("p.yaml", "ports: [60900-61099]\n" YY);
	on_a_machine_of_our_own(apply_and_look);
}

static void
try_and_look(void)
{
	char expected[200];
	int type_of[2] = {SOCK_STREAM, SOCK_DGRAM};

	CHILD_ASSERT(type("test p.yaml") == OUTCOME_GOOD);
	CHILD_ASSERT(!strcmp(said, "default TCP ports 1,61000-61009: 11 of 11 can be taken\n"
				   "default UDP ports 1,61000-61009: 11 of 11 can be taken\n") ||
		     getuid() != 0);
	/* one TCP port and one UDP port, each in this process' hands: the kernel's choice is made to be ours */
	for (int i = 0; i < 2; i++) {
		int fd = socket(AF_INET, type_of[i], 0);
		struct sockaddr any = {.sa_family = AF_INET};
		FILE *f = fopen("/proc/sys/net/ipv4/ip_local_port_range", "w");

		CHILD_ASSERT(f && fprintf(f, "%d %d\n", 61004 + i, 61004 + i) > 0 && !fclose(f));
		CHILD_ASSERT(!bind(fd, &any, sizeof(any)));
		CHILD_ASSERT(i || !listen(fd, 1));
	}
	CHILD_ASSERT(type("test p.yaml") == OUTCOME_NEGATIVE);
	snprintf(expected, sizeof(expected), "TCP 61004  in use: cli_ports_test (pid %d)\n",
		(int)getpid());
	CHILD_ASSERT(strstr(said, expected));
	CHILD_ASSERT(strstr(said, "default TCP ports 1,61000-61009: 10 of 11 can be taken\n"));
	snprintf(expected, sizeof(expected), "UDP 61005  in use: cli_ports_test (pid %d)\n",
		(int)getpid());
	CHILD_ASSERT(strstr(said, expected));
	CHILD_ASSERT(type("test --for intranet p.yaml") == OUTCOME_GOOD);
	CHILD_ASSERT(strstr(said, "intranet TCP ports 49152-60999,61010-65535"));
}

static void
every_port_is_taken_and_the_ones_that_cannot_be_have_a_reason(void **state)
{
	file_put("p.yaml", "ports: [0-1, 61000-61009]\n" YY);
	on_a_machine_of_our_own(try_and_look);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_file_is_called_good),
		cmocka_unit_test(the_file_that_is_shipped_is_good),
		cmocka_unit_test(all_findings_of_all_files_come_at_once),
		cmocka_unit_test(findings_are_records_for_programs),
		cmocka_unit_test(a_file_that_is_not_there_could_not_be_checked),
		cmocka_unit_test(what_is_in_force_is_shown),
		cmocka_unit_test(an_invalid_policy_is_neither_shown_nor_converted_nor_tried),
		cmocka_unit_test(what_windows_had_becomes_what_we_read),
		cmocka_unit_test(wrong_words_are_usage),
		cmocka_unit_test(ports_are_reserved_now_and_for_the_next_start),
		cmocka_unit_test(every_port_is_taken_and_the_ones_that_cannot_be_have_a_reason),
	};

	return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
