/* SPDX-License-Identifier: MIT */
#include "epm/statics.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/list.h"
#include "base/mem.h"
#include "base/time.h"
#include "epm/service.h"
#include "net/tcp.h"

#define PATIENCE (2 * SP_SECOND) /* for one connection */

struct one {
	struct list node;
	struct statics *all;
	struct static_entry entry;
	unsigned number;
	bool wanted, entered, asked;
	/* checking */
	struct loop_timer *timer;
	struct loop_watch *watch;
	int fd; /* -1: no check under way */
};

struct statics {
	struct loop *loop;
	sp_log_function *log;
	void *log_arg;
	struct list entries;
	unsigned next_number;
};

struct statics *
statics_new(struct loop *loop, sp_log_function *log, void *log_arg)
{
	struct statics *all = mem_zalloc(1, sizeof(*all));

	if (!all)
		return NULL;
	all->loop = loop;
	all->log = log;
	all->log_arg = log_arg;
	list_init(&all->entries);
	return all;
}

/* --- in and out of the map --- */

static void
enter(struct one *o, bool is_there)
{
	if (is_there && !o->entered)
		o->entered = service_enter_static(o->number, &o->entry);
	if (!is_there && o->entered) {
		service_withdraw_static(o->number);
		o->entered = false;
	}
}

static void
checked(struct one *o, bool is_there)
{
	bool news = !o->asked || o->entered != is_there;
	char line[200], at[ADDRESS_TEXT];

	o->asked = true;
	enter(o, is_there);
	loop_timer_set(o->timer, time_after(time_now(), o->entry.check));
	if (!news || !o->all->log)
		return;
	address_format(&o->entry.check_at, at);
	snprintf(line, sizeof(line), "static entry of line %u: %s at %s", o->entry.line,
		is_there ? "somebody answers" : "nobody answers", at);
	o->all->log(o->all->log_arg, is_there ? SP_LOG_INFO : SP_LOG_WARNING, line);
}

/* --- checking: whether somebody accepts a connection --- */

static void
check_end(struct one *o)
{
	loop_watch_free(o->watch);
	o->watch = NULL;
	if (o->fd >= 0)
		close(o->fd);
	o->fd = -1;
}

static void
on_connected(void *arg, unsigned events)
{
	struct one *o = arg;
	int error = ETIMEDOUT;
	socklen_t len = sizeof(error);

	if (getsockopt(o->fd, SOL_SOCKET, SO_ERROR, &error, &len))
		error = errno;
	check_end(o);
	checked(o, error == 0);
}

static void
on_time(void *arg)
{
	struct one *o = arg;

	if (o->fd >= 0) { /* it was given its time */
		check_end(o);
		checked(o, false);
		return;
	}
	if (tcp_connect(&o->entry.check_at, &o->fd)) {
		o->fd = -1;
		checked(o, false);
		return;
	}
	o->watch = loop_watch_new(o->all->loop, o->fd, on_connected, o);
	if (!o->watch) {
		check_end(o);
		checked(o, false);
		return;
	}
	loop_watch_set(o->watch, LOOP_WRITE);
	loop_timer_set(o->timer, time_after(time_now(), PATIENCE));
}

/* --- which there are --- */

static void
one_free(struct one *o)
{
	check_end(o);
	loop_timer_free(o->timer);
	enter(o, false);
	list_remove(&o->node);
	mem_free(o);
}

static bool
one_new(struct statics *all, const struct static_entry *entry)
{
	struct one *o = mem_zalloc(1, sizeof(*o));

	if (!o)
		return false;
	list_init(&o->node);
	o->all = all;
	o->entry = *entry;
	o->number = ++all->next_number;
	o->wanted = true;
	o->fd = -1;
	if (entry->check) {
		o->timer = loop_timer_new(all->loop, on_time, o);
		if (!o->timer) {
			mem_free(o);
			return false;
		}
		loop_timer_set(o->timer, time_now());
	} else {
		enter(o, true);
	}
	list_append(&all->entries, &o->node);
	return true;
}

static bool
is_same(const struct static_entry *a, const struct static_entry *b)
{
	return a->check == b->check && a->tower_len == b->tower_len &&
	       memcmp(a->tower, b->tower, a->tower_len) == 0 &&
	       memcmp(&a->object, &b->object, sizeof(a->object)) == 0 &&
	       strcmp(a->annotation, b->annotation) == 0;
}

static struct one *
one_find(struct statics *all, const struct static_entry *entry)
{
	list_for (it, &all->entries) {
		struct one *o = list_entry(it, struct one, node);

		if (!o->wanted && is_same(&o->entry, entry))
			return o;
	}
	return NULL;
}

bool
statics_set(struct statics *all, const struct settings *s)
{
	bool ok = true;

	list_for (it, &all->entries)
		list_entry(it, struct one, node)->wanted = false;
	for (size_t i = 0; i < s->n_statics; i++) {
		struct one *known = one_find(all, &s->statics[i]);

		if (known)
			known->wanted = true;
		else
			ok = one_new(all, &s->statics[i]) && ok;
	}
	list_for_safe (it, &all->entries)
		if (!list_entry(it, struct one, node)->wanted)
			one_free(list_entry(it, struct one, node));
	return ok;
}

void
statics_free(struct statics *all)
{
	if (!all)
		return;
	while (!list_is_empty(&all->entries))
		one_free(list_entry(all->entries.next, struct one, node));
	mem_free(all);
}
