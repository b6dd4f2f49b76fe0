/* SPDX-License-Identifier: MIT */
/* Taking a port: which one, whether one is found at all, at what cost, and who is named when none is. */
#include "ports/alloc.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netdb.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "ports/holders.h"

static struct port_set
range(uint16_t first, uint16_t last)
{
	struct port_set set = {0};

	port_set_add(&set, first, last);
	return set;
}

struct machine {
	struct port_set in_use, seen;
	uint32_t asked;
	bool repeated;
	int error; /* instead, from the n-th question on */
	uint32_t error_at;
};

static int
take(void *arg, uint16_t port)
{
	struct machine *m = arg;

	m->repeated |= port_set_has(&m->seen, port);
	port_set_add(&m->seen, port, port);
	m->asked++;
	if (m->error_at && m->asked >= m->error_at)
		return m->error;
	return !port_set_has(&m->in_use, port) ? 0 : m->asked % 2 ? EADDRINUSE : EACCES;
}

static void
the_one_free_port_of_16384_is_found(void **state)
{
	static const uint16_t free_ports[] = {49152, 60123, 65535};

	for (size_t i = 0; i < 3; i++) {
		struct port_set all = range(49152, 65535), one;
		struct machine m = {.in_use = all};
		uint16_t port = 0;

		one = range(free_ports[i], free_ports[i]);
		port_set_remove(&m.in_use, &one);
		assert_int_equal(ports_allocate(&all, PORT_TCP, take, &m, &port, NULL), 0);
		assert_int_equal(port, free_ports[i]);
		assert_false(m.repeated);
	}
}

static void
when_none_is_free_each_was_tried_once_and_the_size_is_named(void **state)
{
	struct port_set all = range(49152, 65535);
	struct machine m = {.in_use = all};
	struct sp_error error = {0};
	uint16_t port = 7;

	assert_int_equal(ports_allocate(&all, PORT_TCP, take, &m, &port, &error), 1721);
	assert_int_equal(error.status, RPC_S_OUT_OF_RESOURCES);
	assert_non_null(strstr(error.sentence, "none of the 16384 ports"));
	assert_memory_equal(&m.seen, &all, sizeof(all));
	assert_int_equal(m.asked, 16384);
	assert_false(m.repeated);
	assert_int_equal(port, 7);
}

static void
ports_of_scattered_entries_are_all_found(void **state)
{
	struct port_set set = range(1, 1), more;
	struct machine m = {0};
	uint16_t port = 0;

	for (uint32_t p = 63; p <= 65535; p += 641) {
		more = range((uint16_t)p, (uint16_t)p);
		for (size_t i = 0; i < PORT_SET_WORDS; i++)
			set.bits[i] |= more.bits[i];
	}
	m.in_use = set;
	assert_int_equal(ports_allocate(&set, PORT_TCP, take, &m, &port, NULL), 1721);
	assert_memory_equal(&m.seen, &set, sizeof(set));
}

static void
port_zero_is_never_tried(void **state)
{
	struct port_set zero = range(0, 0), two = range(0, 1);
	struct machine m = {0};
	uint16_t port = 7;

	assert_int_equal(ports_allocate(&zero, PORT_TCP, take, &m, &port, NULL), 1721);
	assert_int_equal(m.asked, 0);
	for (int i = 0; i < 50; i++) {
		memset(&m, 0, sizeof(m));
		assert_int_equal(ports_allocate(&two, PORT_TCP, take, &m, &port, NULL), 0);
		assert_int_equal(port, 1);
	}
}

static void
another_error_ends_the_search(void **state)
{
	struct port_set all = range(49152, 65535);
	struct machine m = {.in_use = all, .error = ENFILE, .error_at = 3};
	struct sp_error error = {0};
	uint16_t port = 7;

	assert_int_equal(ports_allocate(&all, PORT_UDP, take, &m, &port, &error),
		RPC_S_CANT_CREATE_ENDPOINT);
	assert_int_equal(error.sys_errno, ENFILE);
	assert_non_null(strstr(error.sentence, "UDP port"));
	assert_int_equal(m.asked, 3);
	assert_int_equal(port, 7);
}

static int
take_refused(void *arg, uint16_t port)
{
	return EACCES;
}

static void
ports_that_only_root_may_take_are_called_so(void **state)
{
	struct port_set low = range(600, 700);
	struct sp_error error = {0};
	uint16_t port;

	assert_int_equal(ports_allocate(&low, PORT_TCP, take_refused, NULL, &port, &error), 1721);
	assert_non_null(strstr(error.sentence, "none of the 101 ports"));
	assert_non_null(strstr(error.sentence, "below 1024 are for root"));
}

/* --- which one --- */

#define FREE 64
#define DRAWS (FREE * 200)

/* Pearson's: 63 degrees of freedom have the mean 63 and the deviation 11.2; 200 is 12 deviations away. */
static double
chi_square(const uint32_t count[FREE])
{
	double sum = 0, expected = (double)DRAWS / FREE;

	for (int i = 0; i < FREE; i++)
		sum += ((double)count[i] - expected) * ((double)count[i] - expected) / expected;
	return sum;
}

static void
each_free_port_comes_equally_often_also_behind_ports_in_use(void **state)
{
	struct port_set all = range(5000, 5999);
	struct machine m = {.in_use = all};
	uint32_t count[FREE] = {0};
	uint16_t port;

	/* free ones in two lumps and in a row with gaps: who searches onward from a used port is found out */
	for (uint16_t i = 0; i < FREE; i++) {
		struct port_set one;

		port = (uint16_t)(i < 20 ? 5000 + i : i < 40 ? 5500 + i : 5600 + 9 * (i - 40));
		one = range(port, port);
		port_set_remove(&m.in_use, &one);
	}
	for (int i = 0; i < DRAWS; i++) {
		uint16_t rank = 0;

		memset(&m.seen, 0, sizeof(m.seen));
		assert_int_equal(ports_allocate(&all, PORT_TCP, take, &m, &port, NULL), 0);
		for (uint16_t p = 5000; p < port; p++)
			rank += !port_set_has(&m.in_use, p);
		count[rank]++;
	}
	assert_true(chi_square(count) < 200);
}

static void
the_next_port_does_not_follow_from_the_last(void **state)
{
	struct port_set all = range(50000, 50063);
	uint32_t count[FREE] = {0};
	struct machine m = {0};
	uint16_t last = 0, port;

	for (int i = 0; i <= DRAWS; i++) {
		memset(&m, 0, sizeof(m));
		assert_int_equal(ports_allocate(&all, PORT_TCP, take, &m, &port, NULL), 0);
		if (i > 0)
			count[(port + FREE - last) % FREE]++;
		last = port;
	}
	assert_true(chi_square(count) < 200);
}

/* As in a container's early life, or under a strict filter: getrandom() is not to be had. */
static void
forbid_getrandom(void)
{
	struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getrandom, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAGAIN),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = {sizeof(program) / sizeof(program[0]), program};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, 2, &filter))
		_exit(77);
}

static void
without_random_numbers_it_neither_waits_nor_repeats_itself(void **state)
{
	struct port_set all = range(49152, 65535);
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		struct port_set seen = {0};
		struct machine m;
		uint16_t port;

		alarm(10);
		forbid_getrandom();
		for (int i = 0; i < 100; i++) {
			memset(&m, 0, sizeof(m));
			if (ports_allocate(&all, PORT_TCP, take, &m, &port, NULL))
				_exit(1);
			port_set_add(&seen, port, port);
		}
		_exit(port_set_count(&seen) > 90 ? 0 : 2);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* --- at what cost --- */

static double
seconds_of(const struct port_set *set, const struct port_set *in_use)
{
	struct timespec before, after;
	double best = 1e9;

	for (int round = 0; round < 7; round++) {
		clock_gettime(CLOCK_MONOTONIC, &before);
		for (int i = 0; i < 300; i++) {
			struct machine m = {.in_use = *in_use};
			uint16_t port;

			assert_int_equal(ports_allocate(set, PORT_TCP, take, &m, &port, NULL), 0);
		}
		clock_gettime(CLOCK_MONOTONIC, &after);
		double took = (double)(after.tv_sec - before.tv_sec) +
			      (double)(after.tv_nsec - before.tv_nsec) / 1e9;

		best = took < best ? took : best;
	}
	return best;
}

static void
a_port_of_16384_costs_what_one_of_100_costs(void **state)
{
	struct port_set few = range(50000, 50099), many = range(49152, 65535), none = {0};
	double ratio = seconds_of(&many, &none) / seconds_of(&few, &none);

	print_message("16384 free ports cost %.2f times what 100 cost\n", ratio);
	assert_true(ratio < 2);
}

static void
a_range_with_half_of_its_ports_in_use_costs_no_more_steps_than_their_share(void **state)
{
	struct port_set many = range(49152, 65535);
	struct machine m = {.in_use = range(49152, 57343)};
	uint32_t n_asked = 0;
	uint16_t port;

	for (int i = 0; i < 1000; i++) {
		memset(&m.seen, 0, sizeof(m.seen));
		m.asked = 0;
		assert_int_equal(ports_allocate(&many, PORT_TCP, take, &m, &port, NULL), 0);
		n_asked += m.asked;
	}
	/* two on average, with a deviation of 45 for the sum */
	assert_in_range(n_asked, 1500, 2500);
}

/* --- real ports --- */

static int
socket_bind(int type, uint16_t port)
{
	struct addrinfo hints = {.ai_family = AF_INET,
				.ai_socktype = type,
				.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV},
			*a;
	char text[8];
	int fd;

	snprintf(text, sizeof(text), "%u", port);
	assert_int_equal(getaddrinfo("127.0.0.1", text, &hints, &a), 0);
	fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	if (bind(fd, a->ai_addr, a->ai_addrlen) || (type == SOCK_STREAM && listen(fd, 1))) {
		close(fd);
		fd = -1;
	}
	freeaddrinfo(a);
	return fd;
}

static uint16_t
port_of(int fd)
{
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);
	char port[8];

	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	assert_int_equal(getnameinfo((struct sockaddr *)&address, len, NULL, 0, port, sizeof(port),
				 NI_NUMERICSERV | NI_DGRAM),
		0);
	return (uint16_t)strtoul(port, NULL, 10);
}

struct bound {
	int type, fd;
};

static int
take_real(void *arg, uint16_t port)
{
	struct bound *b = arg;

	b->fd = socket_bind(b->type, port);
	return b->fd < 0 ? EADDRINUSE : 0;
}

static void
tcp_and_udp_ports_come_from_the_same_range_and_do_not_disturb_each_other(void **state)
{
	struct bound tcp = {SOCK_STREAM, socket_bind(SOCK_STREAM, 0)}, udp = {SOCK_DGRAM, -1};
	uint16_t held = port_of(tcp.fd), port = 0;
	struct port_set one = range(held, held);
	struct sp_error error = {0};

	assert_int_equal(ports_allocate(&one, PORT_UDP, take_real, &udp, &port, NULL), 0);
	assert_int_equal(port, held);
	assert_int_equal(port_of(udp.fd), held);
	assert_int_equal(ports_allocate(&one, PORT_UDP, take_real, &(struct bound){SOCK_DGRAM, -1},
				 &port, &error),
		1721);
	assert_non_null(strstr(error.sentence, "dynamic UDP port"));
	assert_non_null(strstr(error.sentence, "none of the 1 port "));
	close(tcp.fd);
	close(udp.fd);
}

static void
on_exhaustion_the_holders_are_named_with_their_number_of_ports(void **state)
{
	struct port_set set = {0};
	struct sp_error error = {0};
	struct bound b = {SOCK_STREAM, -1};
	int fds[4], status;
	char expected[80];
	uint16_t port = 7;
	pid_t child;

	for (int i = 0; i < 4; i++) {
		fds[i] = socket_bind(SOCK_STREAM, 0);
		port_set_add(&set, port_of(fds[i]), port_of(fds[i]));
	}
	/* the child keeps three of them, we one */
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		prctl(PR_SET_NAME, "greedy-holder");
		close(fds[3]);
		pause();
		_exit(0);
	}
	for (int i = 0; i < 3; i++)
		close(fds[i]);
	for (int i = 0; i < 200; i++) { /* until it has its name and three sockets */
		assert_int_equal(
			ports_allocate(&set, PORT_TCP, take_real, &b, &port, &error), 1721);
		if (strstr(error.sentence, "greedy-holder") && strstr(error.sentence, "holds 3"))
			break;
		usleep(10000);
	}
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	close(fds[3]);
	snprintf(expected, sizeof(expected), "greedy-holder (pid %d) holds 3", (int)child);
	assert_non_null(strstr(error.sentence, expected));
	snprintf(expected, sizeof(expected), "(pid %d) holds 1", (int)getpid());
	assert_non_null(strstr(error.sentence, expected));
	assert_non_null(strstr(error.sentence, "none of the 4 ports"));
	assert_int_equal(port, 7);
}

/* --- /proc as we find it --- */

static char proc_dir[64];

static void
proc_put(const char *name, const char *text)
{
	char path[160];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", proc_dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int
proc_make(void **state)
{
	char command[200];

	strcpy(proc_dir, "/tmp/sallyport-proc-XXXXXX");
	if (!mkdtemp(proc_dir))
		return -1;
	snprintf(command, sizeof(command), "mkdir -p %s/net %s/812/fd %s/9/fd %s/self/fd", proc_dir,
		proc_dir, proc_dir, proc_dir);
	return system(command);
}

static int
proc_remove(void **state)
{
	char command[100];

	snprintf(command, sizeof(command), "rm -r %s", proc_dir);
	return system(command);
}

#define HEAD "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n"
#define LINE(address, port, state, inode)                                                          \
	"   0: " address ":" port " 00000000:0000 " state                                          \
	" 00000000:00000000 00:00000000 00000000  1000        0 " inode                            \
	" 1 0000000000000000 100\n"

static void
sockets_are_matched_with_processes_by_inode(void **state)
{
	struct port_set set = range(5000, 5100);
	struct port_holder holders[4];
	struct port_uses uses;
	char link[160], text[200];

	proc_put("net/tcp", HEAD LINE("0100007F", "1388", "0A", "71") LINE("00000000", "1389", "01",
				    "72") LINE("00000000", "138A", "06", "0")
				    LINE("00000000", "0050", "0A", "74") "garbage\n");
	proc_put("net/tcp6", HEAD LINE("00000000000000000000000000000000", "1388", "0A", "73")
				     LINE("00000000000000000000000000000000", "13EC", "0A", "99"));
	proc_put("812/comm", "smbd\n");
	for (int i = 71; i <= 74; i++) {
		snprintf(link, sizeof(link), "%s/812/fd/%d", proc_dir, i);
		snprintf(text, sizeof(text), "socket:[%d]", i);
		assert_int_equal(symlink(text, link), 0);
	}
	assert_true(port_uses_find(proc_dir, PORT_TCP, &set, &uses));
	assert_int_equal(uses.n, 5); /* not the one elsewhere */
	assert_int_equal(port_uses_of(&uses, 5000)->pid, 812);
	assert_string_equal(port_uses_of(&uses, 5001)->name, "smbd");
	assert_int_equal(port_uses_of(&uses, 5100)->pid, 0);
	assert_true(port_uses_of(&uses, 5002)->is_waiting);
	assert_null(port_uses_of(&uses, 5003));
	assert_null(port_uses_of(&uses, 80));
	assert_int_equal(port_holders_count(&uses, holders, 4), 3);
	assert_int_equal(holders[0].pid, 812);
	assert_int_equal(holders[0].n_ports, 2); /* 5000 in both address families, 5001 */
	port_uses_fini(&uses);
	port_holders_tell(proc_dir, PORT_TCP, &set, text, sizeof(text));
	assert_string_equal(text, "smbd (pid 812) holds 2, programs of user 1000 hold 1, "
				  "connections that have ended hold 1");
	port_holders_tell(proc_dir, PORT_UDP, &set, text, sizeof(text));
	assert_string_equal(text, "who holds them cannot be seen");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_one_free_port_of_16384_is_found),
		cmocka_unit_test(when_none_is_free_each_was_tried_once_and_the_size_is_named),
		cmocka_unit_test(ports_of_scattered_entries_are_all_found),
		cmocka_unit_test(port_zero_is_never_tried),
		cmocka_unit_test(another_error_ends_the_search),
		cmocka_unit_test(ports_that_only_root_may_take_are_called_so),
		cmocka_unit_test(each_free_port_comes_equally_often_also_behind_ports_in_use),
		cmocka_unit_test(the_next_port_does_not_follow_from_the_last),
		cmocka_unit_test(without_random_numbers_it_neither_waits_nor_repeats_itself),
		cmocka_unit_test(a_port_of_16384_costs_what_one_of_100_costs),
		cmocka_unit_test(
			a_range_with_half_of_its_ports_in_use_costs_no_more_steps_than_their_share),
		cmocka_unit_test(
			tcp_and_udp_ports_come_from_the_same_range_and_do_not_disturb_each_other),
		cmocka_unit_test(on_exhaustion_the_holders_are_named_with_their_number_of_ports),
		cmocka_unit_test_setup_teardown(
			sockets_are_matched_with_processes_by_inode, proc_make, proc_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
