/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/time.h"
#include "net/local.h"
#include "net/names.h"
#include "net/pipe.h"
#include "net/tcp.h"

static void
wildcard_takes_both_families_on_one_port(void **state)
{
	static const char *const hosts[] = {"127.0.0.1", "::1"};
	static const char *const shown[] = {"127.0.0.1[", "[::1]["};
	struct address local, peer;
	char ours[ADDRESS_TEXT], theirs[ADDRESS_TEXT];
	int listener, fd, accepted;

	assert_int_equal(tcp_listen_any(0, &listener), 0);
	assert_true(tcp_local_address(listener, &local));
	for (size_t i = 0; i < 2; i++) {
		assert_true(address_parse(hosts[i], address_port(&local), &peer));
		assert_int_equal(tcp_connect(&peer, &fd), 0);
		assert_int_equal(pipe_connected(fd, time_now() + SP_SECOND), 0);
		assert_int_equal(tcp_accept(listener, &accepted), 0);
		tcp_names(accepted, ours, theirs);
		/* an IPv4 peer of the common socket is shown as IPv4 */
		assert_int_equal(strncmp(ours, shown[i], strlen(shown[i])), 0);
		pipe_close(fd);
		pipe_close(accepted);
	}
	assert_int_equal(tcp_accept(listener, &accepted), EAGAIN);
	close(listener);
}

static void
refused_connection_says_so(void **state)
{
	struct address local;
	int listener, fd, error;

	assert_true(address_parse("127.0.0.1", 0, &local));
	assert_int_equal(tcp_listen(&local, &listener), 0);
	assert_true(tcp_local_address(listener, &local));
	close(listener);
	error = tcp_connect(&local, &fd);
	if (!error) {
		error = pipe_connected(fd, time_now() + SP_SECOND);
		close(fd);
	}
	assert_int_equal(error, ECONNREFUSED);
}

static void
writing_to_a_closed_peer_raises_no_signal(void **state)
{
	char byte = 0;
	struct iovec iov = {.iov_base = &byte, .iov_len = 1};
	char dir[] = "/tmp/sallyport-pipe-XXXXXX", path[LOCAL_PATH];
	int listener, fd, accepted;
	size_t n;

	assert_non_null(mkdtemp(dir));
	assert_true(local_path(dir, "x", path));
	assert_int_equal(local_listen(path, &listener), 0);
	assert_int_equal(local_connect(path, &fd), 0);
	assert_int_equal(tcp_accept(listener, &accepted), 0);
	close(accepted);
	assert_int_equal(pipe_write(fd, &iov, 1, &n), EPIPE);
	close(fd);
	close(listener);
	unlink(path);
	rmdir(dir);
}

static void
dead_socket_is_replaced_and_a_live_one_is_not(void **state)
{
	char dir[] = "/tmp/sallyport-pipe-XXXXXX", path[LOCAL_PATH], under[LOCAL_PATH];
	struct stat st;
	int first, second;

	assert_non_null(mkdtemp(dir));
	snprintf(under, sizeof(under), "%s/made", dir);
	assert_true(local_path(under, "x", path));
	assert_int_equal(local_listen(path, &first), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0666);
	assert_int_equal(local_listen(path, &second), EADDRINUSE);
	close(first);
	assert_int_equal(local_listen(path, &second), 0);
	close(second);
	unlink(path);
	rmdir(under);
	rmdir(dir);
}

static void
peer_credentials_are_of_unix_sockets_only(void **state)
{
	char dir[] = "/tmp/sallyport-pipe-XXXXXX", path[LOCAL_PATH];
	int listener, fd, accepted;
	pid_t pid;
	uid_t uid;
	gid_t gid;

	assert_non_null(mkdtemp(dir));
	assert_true(local_path(dir, "x", path));
	assert_int_equal(local_listen(path, &listener), 0);
	assert_int_equal(local_connect(path, &fd), 0);
	assert_int_equal(tcp_accept(listener, &accepted), 0);
	assert_true(local_peer(accepted, &pid, &uid, &gid));
	assert_int_equal(pid, getpid());
	assert_int_equal(uid, getuid());
	close(accepted);
	close(fd);
	close(listener);
	unlink(path);
	rmdir(dir);
	assert_int_equal(tcp_listen_any(0, &listener), 0);
	assert_false(local_peer(listener, &pid, &uid, &gid));
	close(listener);
}

static void
endpoints_that_name_no_file_are_refused(void **state)
{
	char path[LOCAL_PATH], long_name[200];

	memset(long_name, 'x', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = 0;
	assert_false(local_path("/tmp", "", path));
	assert_false(local_path("/tmp", "..", path));
	assert_false(local_path("/tmp", long_name, path));
	assert_true(local_path("/tmp", "/x/y", path));
	assert_string_equal(path, "/x/y");
}

static void
numbers_and_names_become_addresses(void **state)
{
	struct address *found;
	char text[ADDRESS_TEXT];
	size_t n;
	int eai = 0;

	assert_int_equal(
		names_resolve("[::1]", 135, time_now() + SP_SECOND, &found, &n, &eai), NAMES_OK);
	address_format(found, text);
	assert_string_equal(text, "[::1][135]");
	mem_free(found);
	assert_int_equal(
		names_resolve("localhost", 7, time_now() + 5 * SP_SECOND, &found, &n, &eai),
		NAMES_OK);
	assert_true(n >= 1);
	assert_int_equal(address_port(found), 7);
	mem_free(found);
}

static void
late_answer_of_the_resolver_is_a_timeout(void **state)
{
	enum names_result result = NAMES_OK;
	struct address *found;
	size_t n;
	int eai = 0;

	/* on a busy machine the resolver's thread may be done before we look: that answer counts */
	for (int i = 0; i < 1000 && result == NAMES_OK; i++) {
		result = names_resolve("localhost", 7, time_now() - 1, &found, &n, &eai);
		if (result == NAMES_OK)
			mem_free(found);
	}
	assert_int_equal(result, NAMES_TIMEOUT);
	/* let the thread end: what it holds is its own to free, and the leak checker watches */
	usleep(200000);
}

static unsigned
descriptor_table_size(void)
{
	FILE *f = fopen("/proc/self/status", "r");
	unsigned size = 0;
	char line[200];

	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		sscanf(line, "FDSize: %u", &size);
	fclose(f);
	return size;
}

static void
room_for_descriptors_is_made_at_once_as_far_as_there_may_be_any(void **state)
{
	struct rlimit before, few;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = before;
	if (few.rlim_cur > 1000)
		few.rlim_cur = 1000;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	tcp_make_room(2000);
	assert_true(descriptor_table_size() >= few.rlim_cur);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	tcp_make_room(2000);
	assert_true(descriptor_table_size() >= (before.rlim_cur < 2000 ? before.rlim_cur : 2000));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wildcard_takes_both_families_on_one_port),
		cmocka_unit_test(refused_connection_says_so),
		cmocka_unit_test(writing_to_a_closed_peer_raises_no_signal),
		cmocka_unit_test(dead_socket_is_replaced_and_a_live_one_is_not),
		cmocka_unit_test(peer_credentials_are_of_unix_sockets_only),
		cmocka_unit_test(endpoints_that_name_no_file_are_refused),
		cmocka_unit_test(numbers_and_names_become_addresses),
		cmocka_unit_test(late_answer_of_the_resolver_is_a_timeout),
		cmocka_unit_test(room_for_descriptors_is_made_at_once_as_far_as_there_may_be_any),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
