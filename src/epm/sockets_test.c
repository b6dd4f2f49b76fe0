/* SPDX-License-Identifier: MIT */
/* Whose a listening socket is: ours, a child's, nobody's. */
#include "epm/sockets.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/address.h"
#include "net/tcp.h"

static uint16_t
port_of(int fd)
{
	struct address a;

	assert_true(tcp_local_address(fd, &a));
	return address_port(&a);
}

static int
listen_at(const char *text)
{
	struct address a;
	int fd;

	assert_true(address_parse(text, 0, &a));
	assert_int_equal(tcp_listen(&a, &fd), 0);
	return fd;
}

static enum sockets_verdict
verdict(enum protseq protseq, unsigned port, const char *address, pid_t pid)
{
	struct tower t = {.protseq = protseq};
	struct sockets *s = sockets_read();
	enum sockets_verdict v;

	assert_non_null(s);
	snprintf(t.endpoint, sizeof(t.endpoint), "%u", port);
	snprintf(t.address, sizeof(t.address), "%s", address);
	v = sockets_check(s, &t, "/tmp", pid, geteuid());
	sockets_free(s);
	return v;
}

static void
a_wildcard_socket_covers_every_address(void **state)
{
	static const char *const anywhere[] = {"0.0.0.0", "::"};

	for (size_t i = 0; i < 2; i++) {
		int fd = listen_at(anywhere[i]);
		unsigned port = port_of(fd);

		assert_int_equal(verdict(NCACN_IP_TCP, port, "", getpid()), SOCKETS_OWN);
		assert_int_equal(verdict(NCACN_IP_TCP, port, "192.0.2.1", getpid()), SOCKETS_OWN);
		assert_int_equal(verdict(NCACN_HTTP, port, "", getpid()), SOCKETS_OWN);
		assert_int_equal(verdict(NCADG_IP_UDP, port, "", getpid()), SOCKETS_NOBODY);
		close(fd);
		assert_int_equal(verdict(NCACN_IP_TCP, port, "", getpid()), SOCKETS_NOBODY);
	}
}

static void
a_socket_of_one_address_covers_only_it(void **state)
{
	int fd = listen_at("127.0.0.1"), six = listen_at("::1");

	assert_int_equal(verdict(NCACN_IP_TCP, port_of(fd), "127.0.0.1", getpid()), SOCKETS_OWN);
	assert_int_equal(verdict(NCACN_IP_TCP, port_of(fd), "127.0.0.2", getpid()), SOCKETS_NOBODY);
	assert_int_equal(verdict(NCACN_IP_TCP, port_of(fd), "", getpid()), SOCKETS_NOBODY);
	/* a tower cannot say ::1 */
	assert_int_equal(verdict(NCACN_IP_TCP, port_of(six), "", getpid()), SOCKETS_OWN);
	assert_int_equal(
		verdict(NCACN_IP_TCP, port_of(six), "127.0.0.1", getpid()), SOCKETS_NOBODY);
	close(fd);
	close(six);
}

static void
anothers_socket_is_foreign_though_the_user_is_the_same(void **state)
{
	int fd = listen_at("0.0.0.0");
	unsigned port = port_of(fd);
	pid_t child = fork();

	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pause();
		_exit(0);
	}
	close(fd); /* the child has it alone now */
	assert_int_equal(verdict(NCACN_IP_TCP, port, "", getpid()), SOCKETS_FOREIGN);
	assert_int_equal(verdict(NCACN_IP_TCP, port, "", child), SOCKETS_OWN);
	/* of a process that is not known, the user decides */
	assert_int_equal(verdict(NCACN_IP_TCP, port, "", 0), SOCKETS_OWN);
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(verdict(NCACN_IP_TCP, port, "", 0), SOCKETS_NOBODY);
}

static void
another_users_socket_is_foreign(void **state)
{
	struct tower t = {.protseq = NCACN_IP_TCP};
	int fd = listen_at("0.0.0.0");
	struct sockets *s = sockets_read();

	snprintf(t.endpoint, sizeof(t.endpoint), "%u", port_of(fd));
	assert_int_equal(sockets_check(s, &t, "/tmp", 0, geteuid() + 1), SOCKETS_FOREIGN);
	sockets_free(s);
	close(fd);
}

static void
udp_is_seen_too(void **state)
{
	struct sockaddr_in any = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&any, sizeof(any)), 0);
	assert_int_equal(verdict(NCADG_IP_UDP, port_of(fd), "", getpid()), SOCKETS_OWN);
	assert_int_equal(verdict(NCACN_IP_TCP, port_of(fd), "", getpid()), SOCKETS_NOBODY);
	close(fd);
}

static void
a_local_endpoint_is_its_files_owners(void **state)
{
	char dir[] = "/tmp/sallyport-sockets-XXXXXX";
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	struct tower t = {.protseq = NCALRPC, .endpoint = "service"};
	struct sockets *s = sockets_read();
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	assert_non_null(mkdtemp(dir));
	snprintf(un.sun_path, sizeof(un.sun_path), "%s/service", dir);
	assert_int_equal(sockets_check(s, &t, dir, 0, geteuid()), SOCKETS_NOBODY);
	assert_int_equal(bind(fd, (struct sockaddr *)&un, sizeof(un)), 0);
	assert_int_equal(sockets_check(s, &t, dir, 0, geteuid()), SOCKETS_OWN);
	assert_int_equal(sockets_check(s, &t, dir, 0, geteuid() + 1), SOCKETS_FOREIGN);
	t.protseq = NCACN_NP;
	assert_int_equal(sockets_check(s, &t, dir, 0, geteuid()), SOCKETS_UNKNOWN);
	unlink(un.sun_path);
	rmdir(dir);
	close(fd);
	sockets_free(s);
}

static void
the_holder_of_a_port_is_named(void **state)
{
	int fd = listen_at("127.0.0.1");
	struct sockets *s = sockets_read();
	char name[100] = "", pid[30];

	snprintf(pid, sizeof(pid), "(pid %d)", (int)getpid());
	assert_true(sockets_holder(s, port_of(fd), name, sizeof(name)));
	assert_non_null(strstr(name, pid));
	assert_false(sockets_holder(s, 0, name, sizeof(name)));
	sockets_free(s);
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wildcard_socket_covers_every_address),
		cmocka_unit_test(a_socket_of_one_address_covers_only_it),
		cmocka_unit_test(anothers_socket_is_foreign_though_the_user_is_the_same),
		cmocka_unit_test(another_users_socket_is_foreign),
		cmocka_unit_test(udp_is_seen_too),
		cmocka_unit_test(a_local_endpoint_is_its_files_owners),
		cmocka_unit_test(the_holder_of_a_port_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
