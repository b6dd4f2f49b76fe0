/* SPDX-License-Identifier: MIT */
/*
 * The server that is attacked and soaked: echo.idl and calc.idl with small limits, which says what it holds.
 *
 *   target [--threads N] [--connections N] [--timeout MS] [--idle MS] [--workers N]
 *
 * It writes `ready PORT`. Each line on standard input is answered by one line of JSON: bytes of the heap, descriptors,
 * context handles open and ever opened, calls taken and answered by handlers. At the end of input it stops.
 * test_sleep sleeps milliseconds, and an odd number of them only until it is cancelled. With workers calc.idl is
 * served by them.
 */
#include <dirent.h>
#include <getopt.h>
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sallyport/sallyport.h>

#include "calc.h"
#include "echo.h"

static atomic_ulong handles_open, handles_ever, rundowns, calls, cancels;
static atomic_long calls_deferred;

/* --- who may log on --- */

static bool
account_find(void *arg, const char *user, const char *domain, struct sp_account *ret)
{
	/* the hash of "watchword" */
	static const uint8_t hash[16] = {0x38, 0x50, 0xda, 0x20, 0xe2, 0x42, 0x4f, 0x38, 0x7f, 0xe3,
		0xec, 0xe2, 0x2b, 0xe9, 0x8f, 0xea};

	(void)arg;
	(void)domain;
	if (strcmp(user, "guard") != 0)
		return false;
	strcpy(ret->name, user);
	memcpy(ret->nt_hash, hash, sizeof(hash));
	return true;
}

static const struct sp_ntlm_options ntlm = {.lookup = account_find, .computer = "TARGET"};

/* --- answering later --- */

struct sleeper {
	struct sleeper *next;
	sp_call *call;
	int64_t until_ms;
	atomic_bool is_cancelled;
};

static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct sleeper *first; /* in no order */
	bool ends;
} bed = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* With the lock held. */
static void
wake_those_due(void)
{
	int64_t now = now_ms();

	for (struct sleeper **place = &bed.first; *place;) {
		struct sleeper *s = *place;

		if (!bed.ends && s->until_ms > now && !atomic_load(&s->is_cancelled)) {
			place = &s->next;
			continue;
		}
		*place = s->next;
		atomic_fetch_sub(&calls_deferred, 1);
		sp_call_complete(s->call, 0);
		free(s);
	}
}

static void *
bed_main(void *arg)
{
	(void)arg;
	pthread_mutex_lock(&bed.lock);
	while (!bed.ends || bed.first) {
		wake_those_due();
		if (bed.first) {
			pthread_mutex_unlock(&bed.lock);
			nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
			pthread_mutex_lock(&bed.lock);
		} else if (!bed.ends) {
			pthread_cond_wait(&bed.changed, &bed.lock);
		}
	}
	pthread_mutex_unlock(&bed.lock);
	return NULL;
}

static void
bed_close(void)
{
	pthread_mutex_lock(&bed.lock);
	bed.ends = true;
	pthread_cond_signal(&bed.changed);
	pthread_mutex_unlock(&bed.lock);
}

/* No lock: who completes the call waits for this. */
static void
on_cancel(sp_call *call, void *arg)
{
	struct sleeper *s = arg;

	(void)call;
	atomic_store(&s->is_cancelled, true);
	atomic_fetch_add(&cancels, 1);
}

static uint32_t
test_sleep(sp_call *call, uint32_t milliseconds)
{
	struct sleeper *s = malloc(sizeof(*s));

	atomic_fetch_add(&calls, 1);
	if (!s) {
		sp_call_raise(call, NCA_S_FAULT_REMOTE_NO_MEMORY);
		return 0;
	}
	s->call = call;
	s->until_ms = now_ms() + milliseconds;
	atomic_init(&s->is_cancelled, false);
	((struct echo_test_sleep_args *)sp_call_args(call))->result = milliseconds;
	sp_call_defer(call);
	if (milliseconds % 2 && !sp_call_on_cancel(call, on_cancel, s))
		atomic_store(&s->is_cancelled, true);
	atomic_fetch_add(&calls_deferred, 1);
	pthread_mutex_lock(&bed.lock);
	s->next = bed.first;
	bed.first = s;
	pthread_cond_signal(&bed.changed);
	pthread_mutex_unlock(&bed.lock);
	return 0; /* the result is in the arguments */
}

/* --- answering at once --- */

static void
addone(sp_call *call, uint32_t number, uint32_t *sum)
{
	(void)call;
	atomic_fetch_add(&calls, 1);
	*sum = number + 1;
}

static void
echodata(sp_call *call, uint32_t len, uint8_t *in_data, uint8_t *out_data)
{
	(void)call;
	atomic_fetch_add(&calls, 1);
	if (len)
		memcpy(out_data, in_data, len);
}

static void
sourcedata(sp_call *call, uint32_t len, uint8_t *data)
{
	(void)call;
	(void)len;
	(void)data; /* zeroes */
	atomic_fetch_add(&calls, 1);
}

static void
test_surrounding(sp_call *call, echo_surrounding **data)
{
	(void)call;
	(void)data;
	atomic_fetch_add(&calls, 1);
}

static const struct echo_handlers echo = {
	.addone = addone,
	.echodata = echodata,
	.sourcedata = sourcedata,
	.test_sleep = test_sleep,
	.test_surrounding = test_surrounding,
};

/* --- what is kept for a client --- */

static uint32_t
register_open(sp_call *call, int64_t start, calc_register *handle)
{
	int64_t *value = malloc(sizeof(*value));

	(void)call;
	atomic_fetch_add(&calls, 1);
	if (!value)
		return RPC_S_OUT_OF_MEMORY;
	*value = start;
	handle->user = value;
	atomic_fetch_add(&handles_open, 1);
	atomic_fetch_add(&handles_ever, 1);
	return RPC_S_OK;
}

static uint32_t
register_read(sp_call *call, calc_register handle, int64_t *value)
{
	(void)call;
	atomic_fetch_add(&calls, 1);
	*value = *(int64_t *)handle.user;
	return RPC_S_OK;
}

static uint32_t
register_close(sp_call *call, calc_register *handle)
{
	(void)call;
	atomic_fetch_add(&calls, 1);
	free(handle->user);
	handle->user = NULL;
	atomic_fetch_sub(&handles_open, 1);
	return RPC_S_OK;
}

static void
register_rundown(void *user)
{
	free(user);
	atomic_fetch_sub(&handles_open, 1);
	atomic_fetch_add(&rundowns, 1);
}

static const struct calc_handlers calc = {
	.register_open = register_open,
	.register_read = register_read,
	.register_close = register_close,
	.calc_register_rundown = register_rundown,
};

/* --- what it holds --- */

/* The sanitizers have a heap of their own. */
size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

static size_t
heap_bytes(void)
{
	struct mallinfo2 m;

	if (__sanitizer_get_current_allocated_bytes)
		return __sanitizer_get_current_allocated_bytes();
	m = mallinfo2();
	return m.uordblks + m.hblkhd;
}

static unsigned
descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned n = 0;

	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n ? n - 3 : 0; /* . and .. and the folder itself */
}

static void
figures(void)
{
	printf("{\"heap\": %zu, \"descriptors\": %u, \"handles\": %lu, \"handles_ever\": %lu, "
	       "\"rundowns\": %lu, \"calls\": %lu, \"cancels\": %lu, \"deferred\": %ld}\n",
		heap_bytes(), descriptors(), atomic_load(&handles_open), atomic_load(&handles_ever),
		atomic_load(&rundowns), atomic_load(&calls), atomic_load(&cancels),
		atomic_load(&calls_deferred));
	fflush(stdout);
}

/* --- */

static int
settings_read(int argc, char **argv, struct sp_server_options *o, unsigned *ret_threads)
{
	static const struct option options[] = {{"threads", required_argument, NULL, 't'},
		{"connections", required_argument, NULL, 'c'},
		{"timeout", required_argument, NULL, 'm'}, {"idle", required_argument, NULL, 'i'},
		{"workers", required_argument, NULL, 'w'}, {0}};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		unsigned long n = optarg ? strtoul(optarg, NULL, 10) : 0;

		switch (option) {
		case 't': *ret_threads = (unsigned)n; break;
		case 'c': o->max_connections = (uint32_t)n; break;
		case 'm': o->first_pdu_timeout = o->pdu_timeout = (sp_nanos)n * 1000000; break;
		case 'w': o->n_workers = (unsigned)n; break;
		case 'i': o->idle_timeout = (sp_nanos)n * 1000000; break;
		default: return 64;
		}
	}
	return 0;
}

static sp_status
server_open(sp_server *server, unsigned n_threads, bool has_workers, struct sp_error *err)
{
	struct sp_interface_options calc_options = {.on_workers = has_workers};
	sp_status status = sp_server_use_protseq(server, "ncacn_ip_tcp", NULL, "127.0.0.1", err);

	if (!status)
		status = sp_server_register(server, &echo_server_interface, &echo, NULL, err);
	if (!status)
		status = sp_server_register(
			server, &calc_server_interface, &calc, &calc_options, err);
	if (!status)
		status = sp_server_use_ntlm(server, &ntlm, err);
	if (!status)
		status = sp_server_start(server, n_threads, err);
	return status;
}

int
main(int argc, char **argv)
{
	struct sp_server_options options = {.no_mapper = true, .port_policy = "/nonexistent"};
	struct sp_error err = {0};
	sp_server *server = NULL;
	unsigned n_threads = 2;
	pthread_t thread;
	char line[100];

	if (settings_read(argc, argv, &options, &n_threads))
		return 64;
	if (sp_server_new(&options, &server, &err) ||
		server_open(server, n_threads, options.n_workers > 0, &err) ||
		pthread_create(&thread, NULL, bed_main, NULL)) {
		fprintf(stderr, "target: %s\n", err.sentence);
		return 3;
	}
	printf("ready %s\n", strchr(sp_server_binding(server, 0), '[') + 1);
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin))
		figures();
	bed_close();
	sp_server_stop(server);
	pthread_join(thread, NULL);
	sp_server_free(server);
	figures();
	return 0;
}
