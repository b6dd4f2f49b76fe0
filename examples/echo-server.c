/* SPDX-License-Identifier: MIT */
/*
 * A server of idl/echo.idl, which Samba's rpcclient and smbtorture call rpcecho. test_sleep shows how a handler
 * answers later without keeping a thread of the server busy.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "echo.h"
#include "serve.h"

#define NT_STATUS_SUCCESS 0
#define NT_STATUS_INVALID_LEVEL 0xc0000148u

/* --- answering later: calls that sleep, and the one thread that wakes them --- */

struct sleeper {
	struct sleeper *next; /* earliest first */
	sp_call *call;
	struct timespec until;
};

static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	pthread_t thread;
	struct sleeper *first;
	bool ends;
} bed = {.lock = PTHREAD_MUTEX_INITIALIZER};

static bool
is_before(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec != b->tv_sec ? a->tv_sec < b->tv_sec : a->tv_nsec < b->tv_nsec;
}

static bool
is_time(const struct sleeper *s)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return bed.ends || !is_before(&now, &s->until);
}

static void *
wake(void *arg)
{
	(void)arg;
	pthread_mutex_lock(&bed.lock);
	while (!bed.ends || bed.first) {
		struct sleeper *s = bed.first;

		if (!s) {
			pthread_cond_wait(&bed.changed, &bed.lock);
		} else if (!is_time(s)) {
			pthread_cond_timedwait(&bed.changed, &bed.lock, &s->until);
		} else {
			bed.first = s->next;
			sp_call_complete(s->call, 0); /* the call may be gone from here on */
			free(s);
		}
	}
	pthread_mutex_unlock(&bed.lock);
	return NULL;
}

static void
lie_down(struct sleeper *s)
{
	struct sleeper **place = &bed.first;

	pthread_mutex_lock(&bed.lock);
	while (*place && !is_before(&s->until, &(*place)->until))
		place = &(*place)->next;
	s->next = *place;
	*place = s;
	pthread_cond_signal(&bed.changed);
	pthread_mutex_unlock(&bed.lock);
}

static bool
bed_open(void)
{
	pthread_condattr_t attributes;

	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&bed.changed, &attributes);
	pthread_condattr_destroy(&attributes);
	return pthread_create(&bed.thread, NULL, wake, NULL) == 0;
}

/* Everybody is woken: a server that stops waits until all deferred calls have been completed. */
static void
bed_close(void)
{
	pthread_mutex_lock(&bed.lock);
	bed.ends = true;
	pthread_cond_signal(&bed.changed);
	pthread_mutex_unlock(&bed.lock);
}

static uint32_t
test_sleep(sp_call *call, uint32_t seconds)
{
	struct sleeper *s = malloc(sizeof(*s));

	if (!s) {
		sp_call_raise(call, NCA_S_FAULT_REMOTE_NO_MEMORY);
		return 0;
	}
	s->call = call;
	clock_gettime(CLOCK_MONOTONIC, &s->until);
	s->until.tv_sec += seconds;
	sp_call_defer(call);
	lie_down(s);
	return seconds; /* sent when the call is completed */
}

/* --- answering at once --- */

static void
addone(sp_call *call, uint32_t number, uint32_t *sum)
{
	(void)call;
	*sum = number + 1;
}

static void
echodata(sp_call *call, uint32_t len, uint8_t *in_data, uint8_t *out_data)
{
	(void)call;
	if (len)
		memcpy(out_data, in_data, len);
}

static void
sinkdata(sp_call *call, uint32_t len, uint8_t *data)
{
	(void)call;
	(void)len;
	(void)data;
}

static void
sourcedata(sp_call *call, uint32_t len, uint8_t *data)
{
	(void)call;
	for (uint32_t i = 0; i < len; i++)
		data[i] = (uint8_t)i;
}

static void
test_call(sp_call *call, const uint16_t *text, uint16_t **ret_text)
{
	size_t n = 0;

	while (text[n])
		n++;
	*ret_text = sp_call_alloc(call, n + 1, sizeof(**ret_text));
	if (*ret_text)
		memcpy(*ret_text, text, n * sizeof(*text));
	else
		sp_call_raise(call, NCA_S_FAULT_REMOTE_NO_MEMORY);
}

static uint32_t
test_call2(sp_call *call, uint16_t level, echo_info *info)
{
	(void)call;
	switch (level) {
	case 1: info->info1.v = 10; break;
	case 2: info->info2.v = 20; break;
	case 3: info->info3.v = 30; break;
	case 4: info->info4.v = 40; break;
	case 5: info->info5 = (echo_info5){.v1 = 50, .v2 = 60}; break;
	case 6: info->info6 = (echo_info6){.v1 = 70, .info1.v = 80}; break;
	case 7: info->info7 = (echo_info7){.v1 = 80, .info4.v = 90}; break;
	default: return NT_STATUS_INVALID_LEVEL;
	}
	return NT_STATUS_SUCCESS;
}

static void
test_enum(sp_call *call, echo_small *foo1, echo_enums *foo2, echo_enum_union *foo3)
{
	(void)call;
	foo2->e1 = ECHO_SMALL_TWO;
	if (*foo1 == ECHO_SMALL_ONE)
		foo3->e1 = ECHO_SMALL_TWO;
	else
		foo3->e2.e1 = ECHO_SMALL_TWO;
}

static void
test_surrounding(sp_call *call, echo_surrounding **data)
{
	uint32_t x = 2 * (*data)->x;
	echo_surrounding *twice =
		sp_call_alloc(call, 1, sizeof(*twice) + x * sizeof(twice->surrounding[0]));

	if (!twice) {
		sp_call_raise(call, NCA_S_FAULT_REMOTE_NO_MEMORY);
		return;
	}
	twice->x = x;
	*data = twice;
}

static uint16_t
test_double_pointer(sp_call *call, uint16_t ***data)
{
	(void)call;
	return *data && **data ? ***data : 0;
}

static const struct echo_handlers handlers = {
	.addone = addone,
	.echodata = echodata,
	.sinkdata = sinkdata,
	.sourcedata = sourcedata,
	.test_call = test_call,
	.test_call2 = test_call2,
	.test_sleep = test_sleep,
	.test_enum = test_enum,
	.test_surrounding = test_surrounding,
	.test_double_pointer = test_double_pointer,
};

int
main(int argc, char **argv)
{
	int exit_status;

	if (!bed_open())
		return 3;
	exit_status = serve(argc, argv, &echo_server_interface, &handlers, "Echo", bed_close);
	bed_close();
	pthread_join(bed.thread, NULL);
	pthread_cond_destroy(&bed.changed);
	return exit_status;
}
