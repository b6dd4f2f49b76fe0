/* SPDX-License-Identifier: MIT */
/* Pipes of a call that a server works on. All but the last two functions are the loop's. */
#ifndef RPC_PIPE_SERVER_H
#define RPC_PIPE_SERVER_H

#include "ndr/ndr.h"
#include "rpc/server.h"

struct server_pipes;

/* For an operation that has pipes; `more`: the request goes on. False: no memory. */
SP_NODISCARD bool server_pipes_new(sp_call *, bool more);
void server_pipes_free(struct server_pipes *); /* NULL is fine */

/* A pull of the arguments; then, when they are all there: the pipes' functions. True: some pipe is [in]. */
void server_pipes_pull(sp_call *, struct sp_pull *, const struct ndr_contexts *);
bool server_pipes_are_read(sp_call *, const struct sp_pull *);
/* Bytes that follow the arguments. */
const uint8_t *server_pipes_rest(const sp_call *);
/* What has come may be too little of the arguments. */
bool server_pipes_wait_for_arguments(const sp_call *);
/* A piece has come. *ret_retry: the arguments may be there now. False: no memory for them, or they are too long. */
SP_NODISCARD bool server_pipes_more(sp_call *, struct assoc_event *, bool *ret_retry);
/* The client has given the call up: nobody waits any more. */
void server_pipes_lose(sp_call *);
/* Something may have left. True: there is something more to send. */
bool server_pipes_turned(sp_call *);
/* The handler is through: a piece that is still to be sent, or NULL; the ends of pipes in front of the outputs. */
struct buf *server_pipes_last(sp_call *);
void server_pipes_end(sp_call *, struct sp_push *);

/* Of a struct sp_pipe that a handler is given. */
sp_status server_pipe_pull(void *state, void *items, size_t most, size_t *ret_n);
sp_status server_pipe_push(void *state, const void *items, size_t n);

#endif
