/* SPDX-License-Identifier: MIT */
/* A client on a libuv loop: calls end beside whatever else the loop does (here, a clock that ticks). */
#include <stdio.h>
#include <stdlib.h>

#include <sallyport/sallyport.h>
#include <sallyport/uv.h>

#include "calc.h"

#define CALLS 5

struct program {
	struct sp_uv uv;
	sp_client *client;
	uv_timer_t clock;
	sp_call *calls[CALLS];
	struct calc_add_args args[CALLS];
	unsigned left;
	int result;
};

static void
on_tick(uv_timer_t *clock)
{
	(void)clock;
	puts("tick");
}

static void
on_closed(struct sp_uv *uv)
{
	struct program *p = uv->data;

	for (unsigned i = 0; i < CALLS; i++)
		sp_call_free(p->calls[i]);
	sp_client_free(p->client);
}

static void
on_sum(sp_call *call, sp_status status, const struct sp_error *error, void *arg)
{
	struct program *p = arg;
	unsigned i = 0;

	while (p->calls[i] != call)
		i++;
	if (status) {
		fprintf(stderr, "%s: %u: %s\n", sp_phase_name(error->phase), status,
			error->sentence);
		p->result = 1;
	} else {
		printf("%d + %d = %d\n", p->args[i].a, p->args[i].b, p->args[i].result);
	}
	if (--p->left > 0)
		return;
	uv_close((uv_handle_t *)&p->clock, NULL);
	sp_uv_stop(&p->uv, on_closed); /* and with it the loop ends */
}

static bool
begin(struct program *p, uv_loop_t *loop, const char *binding, struct sp_error *reterr)
{
	if (sp_client_new(binding, NULL, &p->client, reterr))
		return false;
	p->uv.data = p;
	if (sp_uv_start(&p->uv, loop, p->client))
		return false;
	uv_timer_init(loop, &p->clock);
	uv_timer_start(&p->clock, on_tick, 0, 100);
	for (int i = 0; i < CALLS; i++) {
		p->args[i] = (struct calc_add_args){.a = i, .b = 100};
		p->calls[i] = sp_call_new(p->client);
		if (!p->calls[i] || calc_add_start(p->calls[i], &p->args[i], on_sum, p, reterr))
			return false;
		p->left++;
	}
	return true;
}

int
main(int argc, char **argv)
{
	struct program p = {0};
	struct sp_error err = {.sentence = "out of memory"};
	uv_loop_t loop;

	if (argc != 2) {
		fprintf(stderr, "usage: %s BINDING\n", argv[0]);
		return 64;
	}
	uv_loop_init(&loop);
	if (!begin(&p, &loop, argv[1], &err)) {
		fprintf(stderr, "%s\n", err.sentence);
		return 1;
	}
	uv_run(&loop, UV_RUN_DEFAULT);
	uv_loop_close(&loop);
	return p.result;
}
