/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "assoc/group.h"
#include "base/mem.h"
#include "base/uuid.h"

static const struct assoc_peer here = {"here"}, there = {"there"};

static int rooms[2]; /* what contexts stand for */

static size_t
leave(struct assoc_group *g)
{
	struct assoc_context *contexts;
	size_t n = 0;

	assoc_group_part(g);
	contexts = assoc_group_leave(g);
	for (const struct assoc_context *c = contexts; c; c = c->next)
		n++;
	assoc_contexts_free(contexts);
	return n;
}

/* --- groups --- */

static void
what_is_left_in_a_group_is_handed_out_when_its_last_connection_leaves(void **state)
{
	struct assoc_groups *groups = assoc_groups_new();
	struct assoc_group *first = assoc_group_join(groups, 0, &here), *second;
	struct assoc_context *left, found;
	struct sp_uuid uuid, other;

	second = assoc_group_join(groups, assoc_group_id(first), &here);
	assert_ptr_equal(first, second);
	assert_null(assoc_group_join(groups, assoc_group_id(first) ^ 1000, &here));
	assert_true(assoc_group_add_context(first, NULL, 1, &rooms[0], &uuid));
	assert_true(assoc_group_add_context(first, NULL, 2, &rooms[1], &other));
	assert_true(assoc_group_remove_context(second, &other));
	assert_false(assoc_group_remove_context(second, &other));
	assert_false(assoc_group_find_context(second, &other, &found));
	assert_true(assoc_group_find_context(second, &uuid, &found));
	assert_int_equal(found.type, 1);
	assert_int_equal(leave(first), 0);
	assoc_group_part(second);
	/* without memory, too */
	mem_fail_nth(1);
	left = assoc_group_leave(second);
	mem_fail_nth(0);
	assert_non_null(left);
	assert_null(left->next);
	assert_true(sp_uuid_equal(&left->uuid, &uuid));
	assert_ptr_equal(left->user, &rooms[0]);
	assoc_contexts_free(left);
	assoc_groups_free(groups);
}

static void
group_of_another_machine_is_not_joined(void **state)
{
	struct assoc_groups *groups = assoc_groups_new();
	struct assoc_group *g = assoc_group_join(groups, 0, &here);

	assert_null(assoc_group_join(groups, assoc_group_id(g), &there));
	assert_ptr_equal(assoc_group_join(groups, assoc_group_id(g), &here), g);
	leave(g);
	leave(g);
	assoc_groups_free(groups);
}

static void
group_whose_connections_have_gone_is_not_joined_though_calls_are_running(void **state)
{
	struct assoc_groups *groups = assoc_groups_new();
	struct assoc_group *g = assoc_group_join(groups, 0, &here);
	uint32_t id = assoc_group_id(g);
	struct sp_uuid uuid;

	assoc_group_part(g);
	assert_null(assoc_group_join(groups, id, &here));
	/* what a call that is still running makes is handed out, too */
	assert_true(assoc_group_add_context(g, NULL, 0, &rooms[0], &uuid));
	assoc_contexts_free(assoc_group_leave(g));
	assert_null(assoc_group_join(groups, id, &here));
	assoc_groups_free(groups);
}

static void
ids_of_groups_are_not_to_be_guessed(void **state)
{
	struct assoc_groups *groups = assoc_groups_new();
	struct assoc_group *g[100];
	uint32_t near = 0;

	for (unsigned i = 0; i < 100; i++) {
		g[i] = assoc_group_join(groups, 0, &here);
		assert_int_not_equal(assoc_group_id(g[i]), 0);
		if (i > 0 && assoc_group_id(g[i]) - assoc_group_id(g[i - 1]) + 1000 < 2000)
			near++;
	}
	assert_true(near < 3);
	for (unsigned i = 0; i < 100; i++)
		leave(g[i]);
	assoc_groups_free(groups);
}

static void
thousands_of_contexts_are_found_and_each_is_handed_out_once(void **state)
{
	enum { N = 5000 };
	struct assoc_groups *groups = assoc_groups_new();
	struct assoc_group *g = assoc_group_join(groups, 0, &here);
	static struct sp_uuid uuids[N];
	static char users[N];
	struct assoc_context found, *left;

	for (unsigned i = 0; i < N; i++) {
		/* without memory for a larger table it works as well */
		mem_fail_nth(i < N / 2 ? 2 : 0);
		assert_true(assoc_group_add_context(g, NULL, i, &users[i], &uuids[i]));
	}
	mem_fail_nth(0);
	for (unsigned i = 0; i < N; i++) {
		assert_true(assoc_group_find_context(g, &uuids[i], &found));
		assert_int_equal(found.type, i);
	}
	for (unsigned i = 0; i < N; i += 2)
		assert_true(assoc_group_remove_context(g, &uuids[i]));
	assoc_group_forget_context(g, &users[1]);
	assoc_group_forget_context(g, &users[0]);
	assert_int_equal(assoc_group_n_contexts(g), N / 2 - 1);
	assoc_group_part(g);
	left = assoc_group_leave(g);
	for (struct assoc_context *c = left; c; c = c->next)
		++*(char *)c->user;
	for (unsigned i = 0; i < N; i++)
		assert_int_equal(users[i], i % 2 && i > 1);
	assoc_contexts_free(left);
	assoc_groups_free(groups);
}

static void
without_memory_there_is_no_group_and_no_context(void **state)
{
	struct assoc_groups *groups = assoc_groups_new();
	struct assoc_group *g = assoc_group_join(groups, 0, &here);
	struct sp_uuid uuid;

	mem_fail_nth(1);
	assert_null(assoc_group_join(groups, 0, &here));
	mem_fail_nth(1);
	assert_false(assoc_group_add_context(g, NULL, 0, &rooms[0], &uuid));
	mem_fail_nth(0);
	assert_int_equal(leave(g), 0);
	assoc_groups_free(groups);
}

/* --- who uses a context --- */

struct user {
	struct assoc_holder holder; /* first */
	unsigned n_granted;
};

static struct assoc_groups *groups;
static struct assoc_group *group;
static struct sp_uuid one, two;

static void
on_granted(struct assoc_holder *h)
{
	((struct user *)h)->n_granted++;
}

static bool
fits(const void *arg, const struct assoc_context *c)
{
	return c->type == *(const uint32_t *)arg;
}

static enum assoc_held
take(struct user *u, const struct sp_uuid *uuid, bool shared)
{
	const uint32_t type = 7;
	void *user = NULL;
	enum assoc_held held;

	held = assoc_holder_take(&u->holder, uuid, shared, fits, &type, &user);
	assert_ptr_equal(user, held != ASSOC_HELD ? NULL : uuid == &one ? &rooms[0] : &rooms[1]);
	return held;
}

static void
begin(struct user *users, unsigned n)
{
	groups = assoc_groups_new();
	group = assoc_group_join(groups, 0, &here);
	assert_true(assoc_group_add_context(group, NULL, 7, &rooms[0], &one));
	assert_true(assoc_group_add_context(group, NULL, 7, &rooms[1], &two));
	for (unsigned i = 0; i < n; i++) {
		memset(&users[i], 0, sizeof(users[i]));
		assoc_holder_init(&users[i].holder, group, on_granted);
	}
}

static void
end(size_t n_left)
{
	assert_int_equal(leave(group), n_left);
	assoc_groups_free(groups);
}

static void
calls_have_a_context_one_after_the_other(void **state)
{
	struct user u[4];

	begin(u, 4);
	assert_int_equal(take(&u[0], &one, false), ASSOC_HELD);
	assert_int_equal(take(&u[0], &one, false), ASSOC_HELD); /* as another argument */
	assert_int_equal(take(&u[1], &one, false), ASSOC_WAITS);
	assert_int_equal(take(&u[2], &one, false), ASSOC_WAITS);
	assert_int_equal(take(&u[3], &two, false), ASSOC_HELD);
	assert_false(assoc_holder_fini(&u[0].holder));
	assert_int_equal(u[1].n_granted, 1);
	assert_int_equal(u[2].n_granted, 0);
	/* nobody can come between being granted and looking again */
	assert_int_equal(take(&u[3], &one, false), ASSOC_WAITS);
	assert_int_equal(take(&u[1], &one, false), ASSOC_HELD);
	assert_false(assoc_holder_fini(&u[1].holder));
	assert_int_equal(u[2].n_granted, 1);
	assert_int_equal(take(&u[2], &one, false), ASSOC_HELD);
	assert_false(assoc_holder_fini(&u[2].holder));
	assert_int_equal(u[3].n_granted, 1);
	assert_false(assoc_holder_fini(&u[3].holder));
	assert_false(assoc_holder_fini(&u[3].holder));
	end(2);
}

static void
calls_that_share_run_together_and_let_nobody_starve(void **state)
{
	struct user u[6];

	begin(u, 6);
	assert_int_equal(take(&u[0], &one, true), ASSOC_HELD);
	assert_int_equal(take(&u[1], &one, true), ASSOC_HELD);
	assert_int_equal(take(&u[2], &one, false), ASSOC_WAITS);
	assert_int_equal(take(&u[3], &one, true), ASSOC_WAITS); /* behind who wants it alone */
	assert_int_equal(take(&u[4], &one, true), ASSOC_WAITS);
	assoc_holder_fini(&u[0].holder);
	assert_int_equal(u[2].n_granted, 0);
	assoc_holder_fini(&u[1].holder);
	assert_int_equal(u[2].n_granted, 1);
	assert_int_equal(u[3].n_granted, 0);
	assoc_holder_fini(&u[2].holder);
	assert_int_equal(u[3].n_granted + u[4].n_granted, 2);
	assert_int_equal(take(&u[5], &one, true), ASSOC_HELD);
	for (unsigned i = 3; i < 6; i++)
		assoc_holder_fini(&u[i].holder);
	end(2);
}

static void
call_that_shares_may_want_it_alone_as_well(void **state)
{
	struct user u[2];

	begin(u, 2);
	assert_int_equal(take(&u[0], &one, true), ASSOC_HELD);
	assert_int_equal(take(&u[0], &one, false), ASSOC_HELD);
	assert_int_equal(take(&u[1], &one, true), ASSOC_WAITS);
	assoc_holder_fini(&u[0].holder);
	assert_int_equal(u[1].n_granted, 1);
	assert_int_equal(take(&u[1], &one, true), ASSOC_HELD);
	assert_int_equal(take(&u[0], &one, true), ASSOC_HELD);
	assert_int_equal(take(&u[0], &one, false), ASSOC_WAITS); /* and gives up its share */
	assoc_holder_fini(&u[1].holder);
	assert_int_equal(u[0].n_granted, 1);
	assoc_holder_fini(&u[0].holder);
	end(2);
}

static void
two_calls_with_two_contexts_never_wait_for_each_other(void **state)
{
	struct user u[2];

	begin(u, 2);
	assert_int_equal(take(&u[0], &one, false), ASSOC_HELD);
	assert_int_equal(take(&u[1], &two, false), ASSOC_HELD);
	assert_int_equal(take(&u[0], &two, false), ASSOC_WAITS); /* without the first now */
	assert_int_equal(take(&u[1], &one, false), ASSOC_HELD);
	assert_int_equal(u[0].n_granted, 0);
	assoc_holder_fini(&u[1].holder);
	assert_int_equal(u[0].n_granted, 1);
	assert_int_equal(take(&u[0], &one, false), ASSOC_HELD);
	assert_int_equal(take(&u[0], &two, false), ASSOC_HELD);
	assoc_holder_fini(&u[0].holder);
	end(2);
}

static void
end_of_a_context_is_told_to_those_who_wait(void **state)
{
	struct user u[4];

	begin(u, 4);
	assert_int_equal(take(&u[0], &one, false), ASSOC_HELD);
	for (unsigned i = 1; i < 4; i++)
		assert_int_equal(take(&u[i], &one, i == 2), ASSOC_WAITS);
	assert_true(assoc_holder_fini(&u[3].holder)); /* gives up */
	assert_true(assoc_group_remove_context(group, &one));
	assert_int_equal(u[1].n_granted + u[2].n_granted, 2);
	assert_int_equal(u[3].n_granted, 0);
	assert_int_equal(take(&u[1], &one, false), ASSOC_NOT_THERE);
	assert_false(assoc_holder_fini(&u[1].holder));
	assert_false(assoc_holder_fini(&u[2].holder));
	assert_false(assoc_holder_fini(&u[0].holder)); /* frees it */
	end(1);
}

static void
who_gives_up_is_not_in_the_way_of_others(void **state)
{
	struct user u[3];

	begin(u, 3);
	assert_int_equal(take(&u[0], &one, true), ASSOC_HELD);
	assert_int_equal(take(&u[1], &one, false), ASSOC_WAITS);
	assert_int_equal(take(&u[2], &one, true), ASSOC_WAITS);
	assert_true(assoc_holder_fini(&u[1].holder));
	assert_int_equal(u[2].n_granted, 1);
	assoc_holder_fini(&u[2].holder);
	assoc_holder_fini(&u[0].holder);
	end(2);
}

static void
what_does_not_fit_or_has_no_memory_is_not_held(void **state)
{
	const uint32_t other = 8;
	struct user u[2];
	void *user;

	begin(u, 2);
	assert_int_equal(
		assoc_holder_take(&u[0].holder, &one, false, fits, &other, &user), ASSOC_NOT_THERE);
	assert_int_equal(take(&u[1], &one, false), ASSOC_HELD);
	mem_fail_nth(1);
	assert_int_equal(take(&u[1], &two, false), ASSOC_NO_MEMORY);
	mem_fail_nth(0);
	assert_int_equal(take(&u[1], &two, false), ASSOC_HELD);
	assert_int_equal(take(&u[0], &two, false), ASSOC_WAITS);
	assoc_holder_fini(&u[1].holder);
	assert_int_equal(u[0].n_granted, 1);
	assoc_holder_fini(&u[0].holder);
	end(2);
}

/* --- on threads --- */

struct worker {
	struct assoc_holder holder; /* first */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool granted;
	unsigned seed;
};

static atomic_int inside[2];
static atomic_uint n_alone, n_together;

static void
worker_granted(struct assoc_holder *h)
{
	struct worker *w = (struct worker *)h;

	pthread_mutex_lock(&w->lock);
	w->granted = true;
	pthread_cond_signal(&w->changed);
	pthread_mutex_unlock(&w->lock);
}

static void
worker_take(struct worker *w, const struct sp_uuid **uuids, unsigned n, bool shared)
{
	const uint32_t type = 7;
	void *user;

	for (unsigned i = 0; i < n; i++) {
		if (assoc_holder_take(&w->holder, uuids[i], shared, fits, &type, &user) ==
			ASSOC_HELD)
			continue;
		pthread_mutex_lock(&w->lock);
		while (!w->granted)
			pthread_cond_wait(&w->changed, &w->lock);
		w->granted = false;
		pthread_mutex_unlock(&w->lock);
		i = (unsigned)-1; /* all of them again */
	}
}

static void *
worker_main(void *arg)
{
	struct worker *w = arg;

	for (unsigned k = 0; k < 3000; k++) {
		const struct sp_uuid *uuids[2] = {&one, &two};
		unsigned draw, n;
		bool shared;

		w->seed = w->seed * 1103515245 + 12345;
		draw = w->seed >> 16;
		shared = draw & 1;
		n = 1 + (draw >> 1 & 1);
		if (draw >> 2 & 1) {
			uuids[0] = &two;
			uuids[1] = &one;
		}
		assoc_holder_init(&w->holder, group, worker_granted);
		worker_take(w, uuids, n, shared);
		for (unsigned i = 0; i < n; i++) {
			int before = atomic_fetch_add(&inside[uuids[i] == &two], shared ? 1 : 1000);

			assert_true(shared ? before < 1000 : before == 0);
			atomic_fetch_add(shared ? &n_together : &n_alone, 1);
		}
		for (unsigned i = 0; i < n; i++)
			atomic_fetch_sub(&inside[uuids[i] == &two], shared ? 1 : 1000);
		assert_false(assoc_holder_fini(&w->holder));
	}
	return NULL;
}

static void
threads_take_turns(void **state)
{
	struct worker w[4];
	pthread_t threads[4];

	begin(NULL, 0);
	for (unsigned i = 0; i < 4; i++) {
		w[i] = (struct worker){.seed = i,
			.lock = PTHREAD_MUTEX_INITIALIZER,
			.changed = PTHREAD_COND_INITIALIZER};
		pthread_create(&threads[i], NULL, worker_main, &w[i]);
	}
	for (unsigned i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	assert_true(n_alone > 1000 && n_together > 1000);
	end(2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			what_is_left_in_a_group_is_handed_out_when_its_last_connection_leaves),
		cmocka_unit_test(group_of_another_machine_is_not_joined),
		cmocka_unit_test(
			group_whose_connections_have_gone_is_not_joined_though_calls_are_running),
		cmocka_unit_test(ids_of_groups_are_not_to_be_guessed),
		cmocka_unit_test(thousands_of_contexts_are_found_and_each_is_handed_out_once),
		cmocka_unit_test(without_memory_there_is_no_group_and_no_context),
		cmocka_unit_test(calls_have_a_context_one_after_the_other),
		cmocka_unit_test(calls_that_share_run_together_and_let_nobody_starve),
		cmocka_unit_test(call_that_shares_may_want_it_alone_as_well),
		cmocka_unit_test(two_calls_with_two_contexts_never_wait_for_each_other),
		cmocka_unit_test(end_of_a_context_is_told_to_those_who_wait),
		cmocka_unit_test(who_gives_up_is_not_in_the_way_of_others),
		cmocka_unit_test(what_does_not_fit_or_has_no_memory_is_not_held),
		cmocka_unit_test(threads_take_turns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
