/* SPDX-License-Identifier: MIT */
/*
 * A client on a libuv loop. Only for programs that use libuv themselves: nothing else of the library needs this header,
 * and <sallyport/sallyport.h> does not include it.
 *
 *   struct sp_uv uv;
 *   sp_uv_start(&uv, loop, client)        calls of the client now end from within the loop
 *   ...
 *   sp_uv_stop(&uv, closed)               then, in closed(): sp_client_free(client), and uv may go
 */
#ifndef SALLYPORT_UV_H
#define SALLYPORT_UV_H

#include <sallyport/client.h>

#include <uv.h>

struct sp_uv {
	sp_client *client;
	uv_poll_t poll;
	uv_timer_t timer;
	uv_prepare_t prepare;
	unsigned n_open;
	void (*closed)(struct sp_uv *);
	void *data; /* the user's */
};

static inline void
sp_uv_on_poll(uv_poll_t *poll, int status, int events)
{
	(void)status;
	(void)events;
	sp_client_service(((struct sp_uv *)poll->data)->client);
}

static inline void
sp_uv_on_timer(uv_timer_t *timer)
{
	sp_client_service(((struct sp_uv *)timer->data)->client);
}

/* Before the loop waits: calls may have been started or ended since. */
static inline void
sp_uv_on_prepare(uv_prepare_t *prepare)
{
	struct sp_uv *u = (struct sp_uv *)prepare->data;
	int ms = sp_client_timeout_ms(u->client);

	if (ms < 0)
		uv_timer_stop(&u->timer);
	else
		uv_timer_start(&u->timer, sp_uv_on_timer, (uint64_t)ms, 0);
}

/* 0 or a libuv error. The loop lives as long as the client is on it. On the loop's thread, like everything here. */
SP_NODISCARD static inline int
sp_uv_start(struct sp_uv *u, uv_loop_t *loop, sp_client *client)
{
	int error = uv_poll_init(loop, &u->poll, sp_client_fd(client));

	if (error)
		return error;
	u->client = client;
	u->n_open = 3;
	uv_timer_init(loop, &u->timer);
	uv_prepare_init(loop, &u->prepare);
	u->poll.data = u->timer.data = u->prepare.data = u;
	uv_prepare_start(&u->prepare, sp_uv_on_prepare);
	return uv_poll_start(&u->poll, UV_READABLE, sp_uv_on_poll);
}

static inline void
sp_uv_on_closed(uv_handle_t *handle)
{
	struct sp_uv *u = (struct sp_uv *)handle->data;

	if (--u->n_open == 0 && u->closed)
		u->closed(u);
}

/* closed (may be NULL) is called from the loop when nothing of u is used any more; the client must live until then. */
static inline void
sp_uv_stop(struct sp_uv *u, void (*closed)(struct sp_uv *))
{
	u->closed = closed;
	uv_close((uv_handle_t *)&u->poll, sp_uv_on_closed);
	uv_close((uv_handle_t *)&u->timer, sp_uv_on_closed);
	uv_close((uv_handle_t *)&u->prepare, sp_uv_on_closed);
}

#endif
