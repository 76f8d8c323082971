// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The virgo command as a process: options before the command, the interrupt key, and what becomes
 * of standard output at the end. Everything else is behind cli_run().
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"

static struct cli session;	/* for the signal handler */

static void interrupt(int sig)
{
	(void)sig;
	cli_interrupt(&session);
}

static void catch_interrupt(void)
{
	struct sigaction sa = { .sa_handler = interrupt, .sa_flags = (int)SA_RESETHAND };
	struct sigaction old;

	if (!sigaction(SIGINT, NULL, &old) && old.sa_handler != SIG_IGN)
		sigaction(SIGINT, &sa, NULL);
}

/*
 * Descriptors 0 to 2 that the caller closed must not become a socket. What stands in for them can't
 * be read from or written to, so that lost data is an error.
 */
static void occupy_standard_fds(void)
{
	static const int modes[] = { O_WRONLY, O_RDONLY, O_RDWR };
	int fd;

	for (fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			open("/dev/null", modes[fd]);
}

/* data may still be in the buffer, and the disk full */
static int close_output(int status)
{
	if (!ferror(stdout) && !fclose(stdout))
		return status;
	fprintf(stderr, "virgo: can't write the output: %s\n", strerror(errno));
	return status ? status : VIRGO_FAILED;
}

int main(int argc, char **argv)
{
	const char *const *words = (const char *const *)argv;
	char why[CLI_WHY_MAX] = "";
	int used, special = 0, status;

	occupy_standard_fds();
	cli_init(&session, argv[0]);
	if (argc > 1 && !strcmp(argv[1], "--complete"))
		return close_output(cli_complete(&session, stdout, 0, argc - 2, words + 2));
	if (argc > 1 && !strcmp(argv[1], "--candidates"))	/* the prompt asks in the background */
		return close_output(cli_complete(&session, stdout, CLI_COMPLETE_ANY |
						 CLI_COMPLETE_PATIENT, argc - 2, words + 2));
	if (argc > 1 && !strcmp(argv[1], "--health"))
		return close_output(cli_health(&session));
	if (cli_parse_globals(&session, argc - 1, words + 1, &used, &special, why))
		return close_output(cli_refuse(&session, why));
	words += 1 + used;
	argc -= 1 + used;
	if (special == 'V') {
		puts("virgo " VIRGO_VERSION);
		return close_output(VIRGO_OK);
	}
	if (special == 'h' && help_topic(stdout, argc, words))
		return close_output(cli_refuse(&session, "no help on that"));
	if (special == 'h')
		return close_output(VIRGO_OK);
	if (!argc)
		return close_output(cli_refuse(&session, "no command given"));
	catch_interrupt();
	status = cli_run(&session, argc, words);
	cli_free(&session);
	return close_output(status);
}
