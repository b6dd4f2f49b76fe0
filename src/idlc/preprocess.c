/* SPDX-License-Identifier: MIT */
#include "idlc/preprocess.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "idlc/stream.h"

#define ARGUMENTS_MAX 192

extern char **environ;

/* Conditions and definitions change what follows; marks and pragmas do not. */
static bool
is_directive(const char *p, const char *end)
{
	static const char *const words[] = {
		"include", "define", "undef", "if", "else", "elif", "endif", "error", "warning"};

	for (p++; p < end && (*p == ' ' || *p == '\t');)
		p++;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		size_t len = strlen(words[i]);

		if ((size_t)(end - p) >= len && memcmp(p, words[i], len) == 0)
			return true;
	}
	return false;
}

bool
preprocess_is_needed(const char *text, size_t len)
{
	const char *p = text, *end = text + len, *eol;

	for (; p < end; p = eol + 1) {
		eol = memchr(p, '\n', (size_t)(end - p));
		if (!eol)
			eol = end;
		while (p < eol && (*p == ' ' || *p == '\t'))
			p++;
		if (p < eol && *p == '#' && is_directive(p, eol))
			return true;
	}
	return false;
}

struct arguments {
	char *items[ARGUMENTS_MAX + 1];
	size_t n;
};

static void
add(struct compiler *c, struct arguments *a, const char *text)
{
	if (a->n < ARGUMENTS_MAX)
		a->items[a->n++] = compiler_strndup(c, text, strlen(text));
}

static void
command(struct compiler *c, const char *path, struct arguments *ret)
{
	const char *slash = strrchr(path, '/');
	static const char *const fixed[] = {
		"-undef", "-nostdinc", "-w", "-x", "c", "-D__midl=801", "-D__sallyport_idl=1"};

	add(c, ret, c->cpp ? c->cpp : "cpp");
	for (size_t i = 0; i < sizeof(fixed) / sizeof(*fixed); i++)
		add(c, ret, fixed[i]);
	for (size_t i = 0; i < c->n_macros; i++)
		add(c, ret, compiler_printf(c, "-D%s", c->macros[i]));
	for (size_t i = 0; i < c->n_import_paths; i++) {
		add(c, ret, "-I");
		add(c, ret, c->import_paths[i]);
	}
	add(c, ret, "-iquote");
	add(c, ret, slash ? compiler_printf(c, "%.*s", (int)(slash - path), path) : ".");
	add(c, ret, "-");
}

/* The text as a file without a name, so that writing it never waits for reading what comes out. */
static int
input(const char *path, const char *text, size_t len)
{
	int fd = memfd_create("idl", MFD_CLOEXEC);
	FILE *file = fd < 0 ? NULL : fdopen(dup(fd), "w");
	bool ok = file && fprintf(file, "# 1 \"%s\"\n", path) > 0 &&
		  (!len || fwrite(text, len, 1, file) == 1);

	if (file && fclose(file) != 0)
		ok = false;
	if (ok && lseek(fd, 0, SEEK_SET) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static bool
start(const struct arguments *a, int in, pid_t *ret_pid, FILE **ret_out)
{
	posix_spawn_file_actions_t actions;
	int ends[2], failed;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return false;
	failed = posix_spawn_file_actions_init(&actions);
	if (!failed) {
		failed = posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
		if (!failed)
			failed = posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
		if (!failed)
			failed = posix_spawnp(
				ret_pid, a->items[0], &actions, NULL, a->items, environ);
		posix_spawn_file_actions_destroy(&actions);
	}
	close(ends[1]);
	*ret_out = failed ? NULL : fdopen(ends[0], "r");
	if (!*ret_out)
		close(ends[0]);
	return !failed;
}

bool
preprocess_text(struct compiler *c, const char *path, char **text, size_t *len)
{
	struct arguments a = {0};
	int status = -1, in;
	bool ok = false;
	char *result;
	size_t result_len;
	FILE *out;
	pid_t pid;

	command(c, path, &a);
	in = input(path, *text, *len);
	if (in < 0 || !start(&a, in, &pid, &out)) {
		if (in >= 0)
			close(in);
		return false;
	}
	close(in);
	if (out) {
		ok = stream_read(out, &result, &result_len);
		fclose(out);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (ok && !(WIFEXITED(status) && WEXITSTATUS(status) == 0)) {
		mem_free(result);
		ok = false;
	}
	if (ok) {
		mem_free(*text);
		*text = result;
		*len = result_len;
	}
	return ok;
}
