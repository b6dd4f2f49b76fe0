/* SPDX-License-Identifier: MIT */
/*
 * Our server and bare epoll servers that move messages of the same length and look at nothing, each in a process of its own;
 * and what speaks to both. Whatever fails ends the program: a benchmark has no answer then.
 */
#ifndef BENCH_PAIR_H
#define BENCH_PAIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <sallyport/sallyport.h>

enum { PAIR_BIND = 72 }; /* bytes of the bind that line_open() sends */

enum server_kind {
	SERVER_OURS,
	SERVER_BARE,      /* one write for each read */
	SERVER_BARE_EACH, /* one write for each message */
};

struct server {
	pid_t pid;
	uint16_t port;
	enum server_kind kind;
};

/* cpu: where it stays; -1: where the caller is, or may go. message_len: of what SERVER_BARE_EACH writes. */
void server_start(
	struct server *ret, enum server_kind, unsigned n_threads, size_t message_len, int cpu);
void server_stop(struct server *);

/* This process and those that it starts from now on. */
void pin_to(int cpu);

/* An echo of n bytes as request PDUs; the response has the same length. *ret is malloc'ed. */
size_t message_make(uint32_t n, uint8_t **ret);
/* Writes the call id into every PDU of it. */
void message_number(uint8_t *message, size_t len, uint32_t call_id);

/* A blocking socket, connected; bound when the server is ours. */
int line_open(const struct server *);
/* Connect, exchange a bind or as many bytes, one message, close. */
void line_whole(const struct server *, const uint8_t *message, size_t len);
void line_write(int fd, const uint8_t *bytes, size_t n);
void line_read(int fd, size_t n); /* n bytes, whatever they are */

int64_t clock_ns(void);
_Noreturn void die(const char *what);

#endif
