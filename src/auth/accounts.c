/* SPDX-License-Identifier: MIT */
#include "auth/accounts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <sallyport/status.h>

#include "auth/secret.h"
#include "base/error.h"
#include "base/mem.h"

struct account {
	char *name;
	uint8_t folded[2 * NTLM_NAME_MAX]; /* as Windows compares */
	size_t folded_len;
	uint8_t nt_hash[NTLM_KEY_SIZE];
};

struct accounts {
	struct account *list;
	size_t n, cap;
};

enum line { LINE_ACCOUNT, LINE_NOTHING, LINE_BAD, LINE_MEMORY };

static struct account *
account_add(struct accounts *a)
{
	size_t cap = a->cap ? 2 * a->cap : 16;
	struct account *larger;

	if (a->n < a->cap)
		return &a->list[a->n];
	/* not resized: what is left behind would keep the hashes */
	larger = mem_zalloc(cap, sizeof(*larger));
	if (!larger)
		return NULL;
	if (a->n > 0)
		memcpy(larger, a->list, a->n * sizeof(*larger));
	secret_wipe(a->list, a->n * sizeof(*larger));
	mem_free(a->list);
	a->list = larger;
	a->cap = cap;
	return &a->list[a->n];
}

static int
digit(char c)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *p = c ? strchr(digits, c) : NULL;

	return p ? (int)(p - digits) % 16 : -1;
}

static bool
hash_parse(const char *text, uint8_t ret[NTLM_KEY_SIZE])
{
	if (strlen(text) != 2 * NTLM_KEY_SIZE)
		return false;
	for (size_t i = 0; i < NTLM_KEY_SIZE; i++) {
		int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		ret[i] = (uint8_t)(16 * high + low);
	}
	return true;
}

static bool
is_no_hash(const char *text)
{
	return strspn(text, "X") == 2 * NTLM_KEY_SIZE || strncmp(text, "NO PASSWORD", 11) == 0;
}

static enum line
line_parse(struct accounts *a, char *line)
{
	char *name = strsep(&line, ":"), *uid = strsep(&line, ":"), *lm = strsep(&line, ":");
	char *nt = strsep(&line, ":"), *flags = strsep(&line, ":");
	struct account *account;

	if (name[0] == '#' || (name[0] == '\0' && !uid))
		return LINE_NOTHING;
	if (!nt || name[0] == '\0' || !lm)
		return LINE_BAD;
	if (is_no_hash(nt) || (flags && flags[0] == '[' && strchr(flags, 'D')))
		return LINE_NOTHING;
	account = account_add(a);
	if (!account)
		return LINE_MEMORY;
	if (!hash_parse(nt, account->nt_hash) || strlen(name) >= NTLM_TEXT_SIZE ||
		!ntlm_text(name, true, account->folded, &account->folded_len))
		return LINE_BAD;
	account->name = mem_strdup(name);
	if (!account->name)
		return LINE_MEMORY;
	a->n++;
	return LINE_ACCOUNT;
}

static sp_status
lines_read(FILE *f, const char *path, struct accounts *a, struct sp_error *reterr)
{
	enum line verdict = LINE_NOTHING;
	char *line = NULL;
	size_t cap = 0;
	unsigned number = 0;
	ssize_t n;

	while (verdict != LINE_BAD && verdict != LINE_MEMORY &&
		(n = getline(&line, &cap, f)) >= 0) {
		if (n > 0 && line[n - 1] == '\n')
			line[n - 1] = '\0';
		number++;
		verdict = line_parse(a, line);
	}
	if (line)
		secret_wipe(line, cap);
	free(line);
	if (verdict == LINE_MEMORY)
		return error_no_memory(reterr);
	if (verdict == LINE_BAD)
		return error_set(reterr, SP_PHASE_NONE, RPC_S_INVALID_ARG,
			"%s:%u: not a line of the form name:uid:LM:NT:[flags]", path, number);
	return 0;
}

/* A file of hashes is as good as a file of passwords. */
static sp_status
file_check(FILE *f, const char *path, struct sp_error *reterr)
{
	struct stat st;

	if (fstat(fileno(f), &st))
		return error_errno(
			reterr, SP_PHASE_NONE, RPC_S_INVALID_ARG, errno, "read %s", path);
	if (st.st_mode & (S_IROTH | S_IWOTH))
		return error_set(reterr, SP_PHASE_NONE, ERROR_ACCESS_DENIED,
			"%s may be read or written by everybody: its hashes are as good as "
			"passwords",
			path);
	return 0;
}

sp_status
accounts_read(const char *path, struct accounts **ret, struct sp_error *reterr)
{
	struct accounts *a = mem_zalloc(1, sizeof(*a));
	sp_status status;
	FILE *f;

	if (!a)
		return error_no_memory(reterr);
	f = fopen(path, "re");
	if (!f) {
		mem_free(a);
		return error_errno(
			reterr, SP_PHASE_NONE, RPC_S_INVALID_ARG, errno, "open %s", path);
	}
	setvbuf(f, NULL, _IONBF, 0); /* stdio's buffer would keep hashes */
	status = file_check(f, path, reterr);
	if (!status)
		status = lines_read(f, path, a, reterr);
	fclose(f);
	if (status)
		accounts_free(a);
	else
		*ret = a;
	return status;
}

void
accounts_free(struct accounts *a)
{
	if (!a)
		return;
	for (size_t i = 0; i < a->n; i++)
		mem_free(a->list[i].name);
	secret_wipe(a->list, a->cap * sizeof(*a->list));
	mem_free(a->list);
	mem_free(a);
}

size_t
accounts_n(const struct accounts *a)
{
	return a->n;
}

bool
accounts_lookup(void *arg, const char *user, const char *domain, struct ntlm_account *ret)
{
	const struct accounts *a = arg;
	uint8_t folded[2 * NTLM_NAME_MAX];
	size_t n;

	if (!ntlm_text(user, true, folded, &n))
		return false;
	for (size_t i = 0; i < a->n; i++) {
		const struct account *account = &a->list[i];

		if (account->folded_len != n || memcmp(account->folded, folded, n) != 0)
			continue;
		snprintf(ret->name, sizeof(ret->name), "%s", account->name);
		memcpy(ret->nt_hash, account->nt_hash, sizeof(ret->nt_hash));
		return true;
	}
	return false;
}
