/* SPDX-License-Identifier: MIT */
/* sallyport-idl: an IDL file in, C files out. */
#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "base/mem.h"
#include "idlc/emit.h"

#define EXIT_FINDING 1 /* errors in the IDL */
#define EXIT_CANNOT 3  /* files that cannot be read or written */
#define EXIT_USAGE 64

#define IMPORT_PATHS_MAX 64
#define MACROS_MAX 64

typedef bool emit_function(struct compiler *, const char *stem, const char *file, struct text *ret);

/* What can be made, in the order in which it is made. */
static const struct product {
	const char *option, *suffix, *help;
	emit_function *emit;
} products[] = {
	{"header", ".h", "types, argument structs, calls and handlers", emit_header},
	{"ndr", "_ndr.c", "the marshalling, for client and server", emit_ndr},
	{"client", "_client.c", "functions that call", emit_client},
	{"server", "_server.c", "functions that are called", emit_server},
	{"selftest", "_selftest.c",
		"a program that tests the marshalling (not made unless asked for)", emit_selftest},
	{"json", ".json", "the checked tree, for other tools (not made unless asked for)",
		emit_json},
	{"doc", ".md", "a page about the interfaces (not made unless asked for)", emit_doc},
	{"dissector", ".lua", "a dissector for Wireshark (not made unless asked for)",
		emit_dissector},
};
#define N_DEFAULT_PRODUCTS 4
#define N_PRODUCTS (sizeof(products) / sizeof(*products))

struct options {
	const char *output, *file;
	const char *import_paths[IMPORT_PATHS_MAX];
	const char *macros[MACROS_MAX];
	const char *cpp, *depfile, *acf;
	bool check, async, utf8;
	size_t n_macros;
	size_t n_import_paths;
	bool wanted[N_PRODUCTS];
};

static void
usage(FILE *out)
{
	fputs("usage: sallyport-idl [options] FILE.idl\n"
	      "Makes FILE.h, FILE_ndr.c, FILE_client.c and FILE_server.c.\n\n"
	      "  -o, --output DIR   where to (the current folder)\n"
	      "  -I, --import DIR   where imported files are, besides the importing file's folder; "
	      "repeatable\n"
	      "  -D, --define NAME[=VALUE]\n"
	      "                     a macro for the preprocessor; repeatable\n"
	      "      --cpp PROGRAM  the preprocessor (cpp)\n"
	      "      --acf FILE     attributes for it (FILE.acf beside FILE.idl, if it is there)\n"
	      "      --utf8         strings of wchar_t are UTF-8 in C, as those that are [utf8]\n"
	      "      --async        handlers answer later, as those of [async] operations do\n"
	      "      --check        only read and check\n"
	      "      --depfile FILE a Makefile rule that names all files that were read\n",
		out);
	for (size_t i = 0; i < N_PRODUCTS; i++)
		fprintf(out, "      --%-9s    only %s\n", products[i].option, products[i].help);
	fputs("  -h, --help         this\n  -V, --version      the version\n", out);
}

/* Returns -1 to go on, or the exit status. */
static int
options_parse(struct options *o, int argc, char **argv)
{
	static const struct option table[] = {{"output", required_argument, NULL, 'o'},
		{"import", required_argument, NULL, 'I'}, {"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'V'}, {"header", no_argument, NULL, 1000},
		{"ndr", no_argument, NULL, 1001}, {"client", no_argument, NULL, 1002},
		{"server", no_argument, NULL, 1003}, {"selftest", no_argument, NULL, 1004},
		{"json", no_argument, NULL, 1005}, {"doc", no_argument, NULL, 1006},
		{"dissector", no_argument, NULL, 1007}, {"depfile", required_argument, NULL, 'd'},
		{"define", required_argument, NULL, 'D'}, {"cpp", required_argument, NULL, 'p'},
		{"acf", required_argument, NULL, 'a'}, {"check", no_argument, NULL, 'c'},
		{"async", no_argument, NULL, 'l'}, {"utf8", no_argument, NULL, 'u'},
		{NULL, 0, NULL, 0}};
	int option;

	while ((option = getopt_long(argc, argv, "o:I:D:hV", table, NULL)) != -1) {
		if (option == 'o') {
			o->output = optarg;
		} else if (option == 'I' && o->n_import_paths < IMPORT_PATHS_MAX) {
			o->import_paths[o->n_import_paths++] = optarg;
		} else if (option == 'D' && o->n_macros < MACROS_MAX) {
			o->macros[o->n_macros++] = optarg;
		} else if (option == 'p') {
			o->cpp = optarg;
		} else if (option == 'a') {
			o->acf = optarg;
		} else if (option == 'd') {
			o->depfile = optarg;
		} else if (option == 'c') {
			o->check = true;
		} else if (option == 'l') {
			o->async = true;
		} else if (option == 'u') {
			o->utf8 = true;
		} else if (option >= 1000) {
			o->wanted[option - 1000] = true;
		} else if (option == 'h') {
			usage(stdout);
			return 0;
		} else if (option == 'V') {
			puts("sallyport-idl " SALLYPORT_VERSION);
			return 0;
		} else {
			return EXIT_USAGE;
		}
	}
	if (optind + 1 != argc) {
		usage(stderr);
		return EXIT_USAGE;
	}
	o->file = argv[optind];
	return -1;
}

static bool
write_file(const char *path, const struct text *text)
{
	FILE *out = fopen(path, "we");
	bool ok = out && (!text->len || fwrite(text->data, text->len, 1, out) == 1);

	if (out && fclose(out) != 0)
		ok = false;
	if (!ok)
		fprintf(stderr, "sallyport-idl: %s: %s\n", path, strerror(errno));
	return ok;
}

static bool
make(struct compiler *c, const struct product *product, const char *output, const char *stem,
	const char *file)
{
	struct text text = {0};
	char *path = mem_printf("%s/%s%s", output, stem, product->suffix);
	bool ok = path && product->emit(c, stem, file, &text);

	if (!ok)
		fputs("sallyport-idl: out of memory\n", stderr);
	ok = ok && write_file(path, &text);
	text_fini(&text);
	mem_free(path);
	return ok;
}

/* The rule is that of the header, which is there whatever else is made. */
static bool
make_depfile(struct compiler *c, const struct options *o, const char *stem, const char *file)
{
	struct text text = {0};
	char *target = mem_printf("%s/%s.h", o->output, stem);
	bool ok = target && emit_depfile(c, target, file, &text);

	if (!ok)
		fputs("sallyport-idl: out of memory\n", stderr);
	ok = ok && write_file(o->depfile, &text);
	text_fini(&text);
	mem_free(target);
	return ok;
}

static int
compile(struct compiler *c, const struct options *o)
{
	const char *slash = strrchr(o->file, '/'), *file = slash ? slash + 1 : o->file;
	char *stem = mem_strdup(file), *dot = stem ? strrchr(stem, '.') : NULL;
	bool all = true, ok = stem != NULL;

	if (dot)
		*dot = '\0';
	for (size_t i = 0; i < N_PRODUCTS; i++)
		all = all && !o->wanted[i];
	for (size_t i = 0; i < N_PRODUCTS && ok; i++)
		if (o->wanted[i] || (all && i < N_DEFAULT_PRODUCTS))
			ok = make(c, &products[i], o->output, stem, file);
	if (ok && o->depfile)
		ok = make_depfile(c, o, stem, file);
	mem_free(stem);
	return ok ? 0 : EXIT_CANNOT;
}

int
main(int argc, char **argv)
{
	struct options o = {.output = "."};
	struct compiler c;
	int status = options_parse(&o, argc, argv);

	if (status >= 0)
		return status;
	if (o.n_import_paths < IMPORT_PATHS_MAX)
		o.import_paths[o.n_import_paths++] = SALLYPORT_IDL_DIR;
	compiler_init(&c, stderr);
	c.import_paths = o.import_paths;
	c.n_import_paths = o.n_import_paths;
	c.macros = o.macros;
	c.n_macros = o.n_macros;
	c.cpp = o.cpp;
	c.acf = o.acf;
	c.all_async = o.async;
	c.all_utf8 = o.utf8;
	status = compiler_read(&c, o.file) ? (o.check ? 0 : compile(&c, &o)) : EXIT_FINDING;
	compiler_fini(&c);
	return status;
}
